/* What the learner has done, kept in this browser: database "migkit-progress". Nothing of it is ever sent.

   One record for each thing, under a name that says what it is:
     step/SLUG/KIND          {done, at}              ticked by the learner, or finished by itself
     opened/SLUG/KIND        {at}                    where to go on
     check/NOTEBOOK/QUESTION {result, passed, tries, at}
     quiz/SLUG/ITEM          {chosen, first, at}     first: was the first try right?
     test/SLUG/USE           {answers: {ITEM: option, or -1 for "I do not know"}, finished, at}
     saved/PATH              {at}                    when a notebook was saved last
     name                    {text, at}              typed by the learner for record and hand-in */
(function () {
  "use strict";

  const kit = (window.kit = window.kit || {});
  const NAME = "migkit-progress";
  const WAIT = 5000; /* ms; some browsers never answer where storage is forbidden */
  const LOOKS = 10;

  /* --- IndexedDB in promises, for this file and for work.js ------------------------------------------- */

  /** Open a database; `make(db)` is called for one that is new, and without it a missing one gives null. */
  function open(name, make, version) {
    return new Promise((done, failed) => {
      /* Counted in looks: a slow computer that was busy all the time has not refused anything. */
      let looks = 0;
      const late = setInterval(() => {
        looks += 1;
        if (looks === LOOKS) end(failed, new Error("no answer"));
      }, WAIT / LOOKS);
      const end = (answer, value) => {
        clearInterval(late);
        answer(value);
      };
      const asked = version ? indexedDB.open(name, version) : indexedDB.open(name);
      let absent = false;
      asked.onupgradeneeded = () => {
        if (make) return make(asked.result);
        absent = true; /* looking must not make an empty database */
        return asked.transaction.abort();
      };
      asked.onsuccess = () => {
        asked.result.onversionchange = () => asked.result.close();
        end(done, asked.result);
      };
      asked.onerror = (event) => {
        event.preventDefault();
        if (absent) end(done, null);
        else end(failed, asked.error);
      };
      asked.onblocked = () => end(failed, new Error("blocked"));
    });
  }

  /** One transaction over `stores`: it is written whole or not at all, and is on the disk when this ends. */
  function transact(db, stores, mode, steps) {
    return new Promise((done, failed) => {
      const transaction = db.transaction(stores, mode, { durability: "strict" });
      let value;
      transaction.oncomplete = () => done(value);
      transaction.onerror = (event) => event.preventDefault();
      transaction.onabort = () => failed(transaction.error || new Error("aborted"));
      steps(transaction, (result) => (value = result));
    });
  }

  /** All of a store as [[key, value], ...]. */
  function entries(store, give) {
    const found = [];
    store.openCursor().onsuccess = (event) => {
      const cursor = event.target.result;
      if (!cursor) return give(found);
      found.push([cursor.key, cursor.value]);
      return cursor.continue();
    };
  }

  kit.idb = { open, transact, entries };

  /* --- The records ------------------------------------------------------------------------------------ */

  const memory = new Map(); /* where the browser refuses: lasts as long as this page */
  const progress = (kit.progress = { refused: false });

  function make(db) {
    db.createObjectStore("progress");
    db.createObjectStore("undo");
  }

  async function using(mode, store, steps, otherwise) {
    if (!progress.refused) {
      try {
        const db = await open(NAME, make, 1);
        try {
          return await transact(db, [store], mode, steps);
        } finally {
          db.close();
        }
      } catch (trouble) {
        progress.refused = true;
        progress.trouble = String(trouble);
      }
    }
    return otherwise();
  }

  const now = () => new Date().toISOString();

  /** Every record, as {key: value}. */
  progress.all = () =>
    using(
      "readonly",
      "progress",
      (t, give) => entries(t.objectStore("progress"), (found) => give(fromEntries(found))),
      () => fromEntries(memory)
    );

  function fromEntries(pairs) {
    const made = {};
    for (const [key, value] of pairs) made[key] = value;
    return made;
  }

  /** Change one record: `change(old or undefined)` gives the new one, or null to take it away. */
  progress.change = (key, change) =>
    using(
      "readwrite",
      "progress",
      (t, give) => {
        const store = t.objectStore("progress");
        store.get(key).onsuccess = (event) => {
          const value = change(event.target.result);
          if (value === null) store.delete(key);
          else store.put({ ...value, at: now() }, key);
          give(value);
        };
      },
      () => {
        const value = change(memory.get(key));
        if (value === null) memory.delete(key);
        else memory.set(key, { ...value, at: now() });
        return value;
      }
    );

  progress.put = (key, value) => progress.change(key, () => value);

  /** Put records as they are, and take away those whose value is null; all of them or none. */
  progress.write = (records) =>
    using(
      "readwrite",
      "progress",
      (t) => {
        const store = t.objectStore("progress");
        for (const [key, value] of Object.entries(records)) {
          if (value === null) store.delete(key);
          else store.put(value, key);
        }
      },
      () => {
        for (const [key, value] of Object.entries(records)) {
          if (value === null) memory.delete(key);
          else memory.set(key, value);
        }
      }
    );

  /** What a check in a notebook saw. Passed once is passed. */
  progress.check = (notebook, question, result, good) =>
    progress.change(`check/${notebook}/${question}`, (old) => ({
      result,
      passed: Boolean((old && old.passed) || good.includes(result)),
      tries: ((old && old.tries) || 0) + 1,
    }));

  /* --- One step back ---------------------------------------------------------------------------------- */

  const UNDO = "last";
  let undoMemory = null;

  /** Keep what was there: {what, progress: {key: old or null}, work: {path: old or null}}. */
  progress.keep = (before) => {
    const kept = { ...before, at: now() };
    return using(
      "readwrite",
      "undo",
      (t) => t.objectStore("undo").put(kept, UNDO),
      () => (undoMemory = kept)
    );
  };

  progress.kept = () =>
    using(
      "readonly",
      "undo",
      (t, give) => (t.objectStore("undo").get(UNDO).onsuccess = (event) => give(event.target.result || null)),
      () => undoMemory
    );

  progress.forget = () =>
    using(
      "readwrite",
      "undo",
      (t) => t.objectStore("undo").delete(UNDO),
      () => (undoMemory = null)
    );

  /** Take away the records that `wanted(key)` names; they can be had back by the undo. */
  progress.reset = async (wanted) => {
    const all = await progress.all();
    const before = {};
    const gone = {};
    for (const key of Object.keys(all).filter(wanted)) {
      before[key] = all[key];
      gone[key] = null;
    }
    await progress.keep({ what: "reset", progress: before, work: {} });
    await progress.write(gone);
  };
})();
