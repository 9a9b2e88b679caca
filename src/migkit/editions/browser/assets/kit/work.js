/* The learner's work: what JupyterLite keeps in this browser, as one file and back again.

   JupyterLite holds each file that was changed or added in database "migkit-work", store "files", under its path.
   The work file is a zip: each of them as an ordinary file, progress.json, work.json (what each file is) and a readme.
   work.json carries a format number; a file with a higher one was made by a newer edition. */
(function () {
  "use strict";

  const kit = (window.kit = window.kit || {});
  const NAME = "migkit-work";
  const STORE = "files";
  const FORMAT = 1;
  const KIND = "migkit-work";
  const LARGEST = 400e6; /* bytes of all files together; more would not fit into an old laptop's memory */

  /** A mistake to be told in one sentence: `name` is the sentence's name in edition.json. */
  class WorkError extends Error {
    constructor(name, values) {
      super(name);
      this.sentence = name;
      this.values = values || {};
    }
  }

  /* --- JupyterLite's storage -------------------------------------------------------------------------- */

  async function withFiles(mode, make, steps) {
    let db;
    try {
      db = await kit.idb.open(NAME, make);
      if (!db) return null;
      if (!db.objectStoreNames.contains(STORE)) {
        if (!make) return null;
        const version = db.version + 1;
        db.close();
        db = await kit.idb.open(NAME, make, version);
      }
      return await kit.idb.transact(db, [STORE], mode, steps);
    } catch (trouble) {
      throw new WorkError(trouble && trouble.name === "QuotaExceededError" ? "too_little_room" : "storage_refused");
    } finally {
      if (db) db.close();
    }
  }

  /** All files that were changed or added: [[path, model], ...]. */
  async function list() {
    return (await withFiles("readonly", null, (t, give) => kit.idb.entries(t.objectStore(STORE), give))) || [];
  }

  /** Put models under their paths, or take away those that are null: all or none. */
  function write(models) {
    return withFiles(
      "readwrite",
      (db) => db.objectStoreNames.contains(STORE) || db.createObjectStore(STORE),
      (t) => {
        const store = t.objectStore(STORE);
        for (const [path, model] of models) {
          if (model === null) store.delete(path);
          else store.put(model, path);
        }
      }
    );
  }

  /* --- A model as the bytes of a file, and back ------------------------------------------------------- */

  const encoder = new TextEncoder();

  function toBytes(model) {
    const content = model.content;
    if (content === null || content === undefined) return { as: "none", bytes: new Uint8Array(0) };
    if (typeof content !== "string") return { as: "json", bytes: encoder.encode(JSON.stringify(content, null, 1) + "\n") };
    if (model.format === "base64") {
      try {
        const raw = atob(content);
        if (btoa(raw) === content) return { as: "base64", bytes: Uint8Array.from(raw, (c) => c.charCodeAt(0)) };
      } catch (trouble) {
        /* no base64 after all: kept as the text that it is */
      }
    }
    return { as: "text", bytes: encoder.encode(content) };
  }

  function fromBytes(as, bytes) {
    if (as === "none") return null;
    if (as === "base64") {
      let raw = "";
      for (let i = 0; i < bytes.length; i += 8192) raw += String.fromCharCode(...bytes.subarray(i, i + 8192));
      return btoa(raw);
    }
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return as === "json" ? JSON.parse(text) : text;
  }

  const isFile = (model) => Boolean(model) && model.type !== "directory";

  /* --- Saving ----------------------------------------------------------------------------------------- */

  /** A folder or part of a file name from what a person typed. */
  function plainName(text) {
    return String(text || "")
      .normalize("NFC")
      .replace(/[\\/:*?"<>|\u0000-\u001f]+/g, " ")
      .replace(/\s+/g, " ")
      .slice(0, 60)
      .replace(/^[. ]+|[. ]+$/g, ""); /* Windows cannot unpack a folder whose name ends in a dot */
  }

  function day(date) {
    const two = (number) => String(number).padStart(2, "0");
    return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  }

  /** A time that a zip can hold: years 1980 to 2099. */
  function zipTime(text) {
    const time = new Date(text);
    return time.getFullYear() >= 1980 && time.getFullYear() < 2099 ? time : new Date();
  }

  /** The work file: {name, bytes}. `files` as list() gives them; the learner's name becomes the folder's. */
  function pack(files, records, edition) {
    const when = new Date();
    const owner = plainName((records.name || {}).text) || edition.text.work_folder;
    const described = [];
    const parts = {};
    for (const [path, model] of files) {
      const { as, bytes } = toBytes(model);
      const { content, ...rest } = model;
      const entry = { path, as, model: rest };
      if (isFile(model)) {
        entry.file = `${owner}/${path}`;
        parts[entry.file] = [bytes, { mtime: zipTime(model.last_modified) }];
      }
      described.push(entry);
    }
    const about = {
      kind: KIND,
      format: FORMAT,
      edition: { country: edition.country, language: edition.language, version: edition.version },
      saved: when.toISOString(),
      files: described,
    };
    const add = (name, text) => (parts[name] = [encoder.encode(text), { mtime: when }]);
    add("work.json", JSON.stringify(about, null, 1) + "\n");
    add("progress.json", JSON.stringify(records, null, 1) + "\n");
    add("readme.txt", edition.text.work_readme.split("\n").join("\r\n") + "\r\n");
    return { name: `migration_kit_work_${day(when)}.zip`, bytes: fflate.zipSync(parts, { level: 6 }) };
  }

  /** Hand the browser a file to save. */
  function download(name, bytes, type) {
    const link = document.createElement("a");
    const address = URL.createObjectURL(new Blob([bytes], { type }));
    link.href = address;
    link.download = name;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
  }

  /** Save everything to one file; `extra` are files that the storage does not hold, such as unsaved notebooks. */
  async function save(edition, extra) {
    const files = new Map();
    try {
      for (const [path, model] of await list()) files.set(path, model);
    } catch (trouble) {
      if (!extra || !extra.length) throw trouble;
    }
    for (const [path, model] of extra || []) files.set(path, model);
    const made = pack([...files].sort(byPath), await kit.progress.all(), edition);
    download(made.name, made.bytes, "application/zip");
    return { name: made.name, files: [...files.values()].filter(isFile).length };
  }

  const byPath = (a, b) => (a[0] < b[0] ? -1 : 1);

  /** One exercise as the file that `kit class collect` takes in: MODULE_NAME.ipynb. */
  function handIn(path, model, name) {
    const stem = path.split("/").pop().replace(/\.ipynb$/, "");
    const owner = plainName(name).replace(/\s+/g, "_");
    const file = owner ? `${stem}_${owner}.ipynb` : `${stem}.ipynb`;
    download(file, toBytes(model).bytes, "application/x-ipynb+json");
    return file;
  }

  /* --- Bringing back: look at everything first, change nothing before it is all in order -------------- */

  /** The zip's own table of contents: name -> {crc, size}. */
  function contents(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let end = bytes.length - 22;
    while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end -= 1;
    if (end < 0) throw new WorkError("file_cut");
    const found = new Map();
    let at = view.getUint32(end + 16, true);
    for (let number = view.getUint16(end + 10, true); number > 0; number -= 1) {
      if (at + 46 > bytes.length || view.getUint32(at, true) !== 0x02014b50) throw new WorkError("file_damaged");
      const length = view.getUint16(at + 28, true);
      const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + length));
      found.set(name, { crc: view.getUint32(at + 16, true), size: view.getUint32(at + 24, true) });
      at += 46 + length + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    }
    return found;
  }

  function crc32(bytes) {
    let crc = -1;
    for (let i = 0; i < bytes.length; i += 1) {
      crc ^= bytes[i];
      for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
    }
    return ~crc >>> 0;
  }

  function unzip(bytes) {
    if (bytes.length < 4 || bytes[0] !== 0x50 || bytes[1] !== 0x4b) throw new WorkError("file_foreign");
    let table;
    let parts;
    try {
      table = contents(bytes);
      const sum = [...table.values()].reduce((total, part) => total + part.size, 0);
      if (sum > LARGEST) throw new WorkError("file_too_large", { mb: Math.round(sum / 1e6) });
      if (!table.has("work.json")) throw new WorkError("file_foreign");
      parts = fflate.unzipSync(bytes);
    } catch (trouble) {
      throw trouble instanceof WorkError ? trouble : new WorkError("file_damaged");
    }
    for (const [name, part] of table) {
      const got = parts[name];
      if (!got || got.length !== part.size || crc32(got) !== part.crc) throw new WorkError("file_damaged");
    }
    return parts;
  }

  function parse(bytes) {
    try {
      return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    } catch (trouble) {
      throw new WorkError("file_damaged");
    }
  }

  function readModels(about, parts) {
    if (!Array.isArray(about.files)) throw new WorkError("file_damaged");
    return about.files.map((entry) => {
      const fits = entry && typeof entry.path === "string" && entry.path && entry.model && typeof entry.model === "object";
      const bytes = fits && (entry.file ? parts[entry.file] : new Uint8Array(0));
      if (!bytes) throw new WorkError("file_damaged");
      try {
        return [entry.path, { ...entry.model, content: untrusted(fromBytes(entry.as, bytes)) }];
      } catch (trouble) {
        throw new WorkError("file_damaged");
      }
    });
  }

  /** A notebook from a file runs none of the scripts in its outputs before its cells have run here. */
  function untrusted(content) {
    for (const cell of (content && content.cells) || []) if (cell.metadata) delete cell.metadata.trusted;
    return content;
  }

  /** Whether the storage can hold so many bytes more. Where the browser does not tell, it tells when we write. */
  async function checkRoom(size) {
    if (!navigator.storage || !navigator.storage.estimate) return;
    const { quota, usage } = await navigator.storage.estimate();
    /* what is replaced stays too, as the undo: count everything twice */
    if (quota && usage + 2 * size > quota) throw new WorkError("too_little_room");
  }

  /** Read a work file and say what bringing it back would do; changes nothing. */
  async function plan(bytes) {
    const parts = unzip(bytes);
    const about = parse(parts["work.json"]);
    if (!about || about.kind !== KIND) throw new WorkError("file_foreign");
    if (!(about.format <= FORMAT)) throw new WorkError("file_newer");
    const files = readModels(about, parts);
    const records = parts["progress.json"] ? parse(parts["progress.json"]) : {};
    await checkRoom(Object.values(parts).reduce((total, part) => total + part.length, 0));
    const present = new Map(await list());
    const words = (model) => JSON.stringify(model.content, (key, value) => (key === "trusted" ? undefined : value));
    const isSame = ([path, model]) => present.has(path) && words(present.get(path)) === words(model);
    const rows = files.filter(([, model]) => isFile(model)).map(([path, model]) => {
      const old = present.get(path);
      return { path, before: old ? old.last_modified : null, what: isSame([path, model]) ? "same" : old ? "replaced" : "new" };
    });
    const own = await kit.progress.all();
    const newer = {};
    for (const [key, value] of Object.entries(records)) {
      if (value && typeof value === "object" && (!own[key] || String(own[key].at) < String(value.at))) newer[key] = value;
    }
    return { saved: about.saved, edition: about.edition || {}, rows, files: files.filter((file) => !isSame(file)), progress: newer };
  }

  /** Replace files and records. What is there at this moment is kept first, under the name of what is done. */
  async function replace(what, files, records) {
    const now = new Map(files.length ? await list() : []);
    const own = await kit.progress.all();
    const before = { what, progress: {}, work: {} };
    for (const [path] of files) before.work[path] = now.get(path) || null;
    for (const key of Object.keys(records)) before.progress[key] = own[key] || null;
    const former = await kit.progress.kept();
    await kit.progress.keep(before);
    if (files.length && kit.progress.refused) {
      throw new WorkError(/Quota/.test(kit.progress.trouble) ? "too_little_room" : "storage_refused");
    }
    try {
      if (files.length) await write(files);
    } catch (trouble) {
      await (former ? kit.progress.keep(former) : kit.progress.forget());
      throw trouble;
    }
    await kit.progress.write(records);
    if (files.length) tell();
  }

  /** Do what the plan says. */
  const bringBack = (planned) => replace("work", planned.files, planned.progress);

  /** One step back: after bringing work back, after a reset, or after an undo, so that no undo can lose later work.
      Gives what was undone, or null. */
  async function undo() {
    const kept = await kit.progress.kept();
    if (!kept) return null;
    await replace("undo", Object.entries(kept.work || {}), kept.progress || {});
    return kept.what;
  }

  /** Open notebooks must not write over what came back: they hear of it and stop saving. */
  function tell() {
    if (typeof BroadcastChannel !== "function") return;
    const channel = new BroadcastChannel("migkit");
    channel.postMessage({ kind: "work-replaced" });
    channel.close();
  }

  kit.work = { list, write, save, handIn, plan, bringBack, undo, isFile, plainName, WorkError };
})();
