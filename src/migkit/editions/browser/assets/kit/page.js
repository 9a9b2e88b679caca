/* Small parts that the first page, the loading screen and the bar all use; it stands before their scripts. */
(function () {
  "use strict";

  const kit = (window.kit = window.kit || {});
  const here = document.currentScript.src;

  /** A text with its {words} put in; a word that is not given stays. */
  kit.fill = (text, values) => text.replace(/\{(\w+)\}/g, (all, key) => (values && key in values ? values[key] : all));

  /** An element: make("p", {className: "x"}, "text", child, ...). */
  kit.make = (tag, traits, ...children) => {
    const element = Object.assign(document.createElement(tag), traits || {});
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  };

  /** What `test` gives, once it gives something; asked again after each `pause` (ms). */
  kit.until = (test, pause) =>
    new Promise((done) => {
      const look = () => {
        const found = test();
        if (found) done(found);
        else setTimeout(look, pause);
      };
      look();
    });

  /** fflate packs and opens the work file; it is fetched when there is one to pack or open. */
  kit.zipReady = () => {
    if (window.fflate) return Promise.resolve();
    return new Promise((done, failed) => {
      const name = "vendor/fflate/fflate.js";
      const onerror = () => failed(new Error(name));
      document.head.append(kit.make("script", { src: new URL(name, here).href, onload: done, onerror }));
    });
  };
})();
