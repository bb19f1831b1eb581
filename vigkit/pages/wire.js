// The wire between a page and its part: what is typed is kept here until Python says that it is saved.
// One part = this file and its own, one after the other. See wire.py for the messages.

const PATIENCE = 2500; // ms without an answer: "Not saved yet"
const PAUSE = 600; // ms without a key: what is typed is sent
const LONGEST = 4000; // ms after which it is sent while one types on

/** Make an element: h("p.own", {hidden: true}, "words", child, …). */
function h(what, props = {}, ...inside) {
  const [name, ...classes] = what.split(".");
  const made = document.createElement(name || "div");
  if (classes.length) made.className = classes.join(" ");
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null) continue;
    if (key === "vk") made.dataset.vk = value;
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key in made && typeof value !== "string") made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...inside.flat().filter((each) => each !== null && each !== undefined && each !== false));
  return made;
}

/** A button that stays pressed, and tells whether it is. */
function pressed(words, act) {
  const button = h("button", { type: "button", "aria-pressed": "false" }, words);
  button.addEventListener("click", () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    act(on);
  });
  return button;
}

/** A time on the film as a person reads it: 1:05.2 */
function clock(seconds, digits = 1) {
  const whole = Math.round(Math.abs(seconds) * 10 ** digits) / 10 ** digits;
  const minutes = Math.floor(whole / 60);
  const rest = (whole - 60 * minutes).toFixed(digits).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
  const [sec, part] = rest.split(".");
  return `${seconds < 0 ? "-" : ""}${minutes}:${sec.padStart(2, "0")}${part ? "." + part : ""}`;
}

/** Where the server of this page answers, also below a base URL. */
function baseUrl() {
  const config = document.getElementById("jupyter-config-data");
  const said = config ? JSON.parse(config.textContent).baseUrl : document.body.dataset.baseUrl;
  return said || "/";
}

const same = (a, b) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
const distinct = (all) => all.filter((each, n) => all.findIndex((other) => same(other, each)) === n);

/**
 * Connect a part to Python.
 *   await wire.load()                          what the part shows; then words kept from before are sent again
 *   wire.answer(record, [{path, value, known}]) write now; resolves to {stored} or {problem}
 *   wire.draft(record, {path, value, known})   write when the typing stops; kept from the first letter on
 *   wire.ask(op, more)                         anything else
 *   wire.on(push, act), wire.close()
 * Options: changed() is called whenever wire.state or wire.problem is another; conflict(answer, theirs) when
 * another window has given another answer, true where the person is asked which to keep; stored(reply, entry)
 * whenever something is saved, also what was
 * typed before a page was started again; lost(entry, problem) when it is refused: true lets it go, else it waits.
 */
function connect(model, { changed = () => {}, conflict = () => {}, stored = () => {}, lost = () => false } = {}) {
  const waiting = new Map(); // to -> {done, message}
  const listeners = new Map();
  let next = 1 + Math.floor(Math.random() * 1e9), key = null, queue = [], held = [], flying = null, typing = null;
  let timer = null, closed = false, full = false, elsewhere = false; // elsewhere: another program is saving
  const wire = { state: "saved", problem: null };

  const store = () => {
    if (key === null) return;
    const all = wire.all().map(({ record, answers, sent }) => ({ record, answers, sent }));
    try {
      if (all.length) sessionStorage.setItem(key, JSON.stringify(all));
      else sessionStorage.removeItem(key);
      full = false;
    } catch {
      full = true; // or the browser keeps nothing: what is on the page is still there
      if (wire.late) tell("unsaved", unsaved());
    }
  };
  const unsaved = () => {
    if (full) return "Not saved yet, and this window can keep no more words. Copy them to another place before you close it.";
    if (elsewhere) return "Another program is using this casebook. Your words are kept in this window.";
    return "Not saved yet. Your words are kept in this window. Start the page again if this stays.";
  };
  const tell = (state, problem) => {
    if (state !== undefined) wire.state = state;
    if (problem !== undefined) wire.problem = problem;
    changed(wire);
  };
  const settle = () => tell(held.length || wire.late ? "unsaved" : flying || queue.length ? "saving" : "saved");

  const send = (message) => {
    const to = next++;
    return new Promise((done) => {
      waiting.set(to, done);
      try {
        // where the kernel is gone this fails later, and nobody hears of it: hence PATIENCE
        Promise.resolve(model.send({ ...message, to })).catch(() => {});
      } catch { /* the same */ }
    });
  };

  const onMessage = (message, buffers) => {
    if (message.push) {
      (listeners.get(message.push) ?? []).forEach((act) => act(message, buffers));
      return;
    }
    const done = waiting.get(message.to);
    waiting.delete(message.to);
    done?.(message);
  };
  model.on("msg:custom", onMessage);

  /** Send what waits, one after the other; what gets no answer in time is told, and sent again. */
  const pump = () => {
    if (flying || closed || !queue.length) return settle();
    clearTimeout(typing);
    const early = queue[0].due - performance.now();
    if (early > 0) {
      typing = setTimeout(pump, early);
      return settle();
    }
    flying = queue.shift();
    const mine = flying;
    const attempt = () => {
      if (flying !== mine || closed) return;
      timer = setTimeout(() => {
        wire.late = true;
        tell("unsaved", unsaved());
        attempt();
      }, PATIENCE);
      send({ op: "answer", record: mine.record, answers: mine.answers }).then((reply) => {
        if (flying === mine) landed(mine, reply);
      });
    };
    mine.sent = true;
    store();
    settle();
    attempt();
  };
  const landed = (mine, reply) => {
    clearTimeout(timer);
    flying = null;
    wire.late = elsewhere = false;
    mine.sent = false; // it is known now whether it is stored
    const newer = queue.some((e) => places(e) === places(mine));
    const hold = () => newer || held.push(mine);
    if (!reply.problem) {
      told(mine);
      if (!held.length) wire.problem = null;
      stored(reply, mine);
    } else if (reply.problem.code === "answered-elsewhere" && mine.answers.length === 1) {
      wire.problem = reply.problem.sentence;
      // where the person is asked which to keep, theirs waits here meanwhile, through a closed window too
      if (conflict(mine.answers[0], reply.problem.theirs ?? null, mine.record)) hold();
    } else {
      wire.problem = reply.problem.sentence;
      if (!lost(mine, reply.problem)) hold();
    }
    store();
    mine.done.forEach((done) => done(reply));
    settle();
    pump();
  };

  const place = (record, answer) => JSON.stringify([record, answer.path]);
  const places = (entry) => entry.answers.map((a) => place(entry.record, a)).join();
  /** Once a value is stored, it is the one that a later answer knows. */
  const told = (entry) => {
    const stored = new Map(entry.answers.map((a) => [place(entry.record, a), a.value]));
    for (const later of [...held, ...queue])
      for (const a of later.answers) if (stored.has(place(later.record, a))) a.known = [stored.get(place(later.record, a))];
  };
  /** Put an answer behind those that wait; a newer one for the same places takes the older one's. */
  const add = (record, answers, { due = 0, sent = false } = {}) => {
    const entry = { record, answers: answers.map((a) => ({ known: [null], ...a })), done: [], sent, due, since: performance.now() };
    // what has gone over may be stored when this one comes; what never went is not
    const knows = (older) =>
      entry.answers.forEach((a, n) => {
        const { known, value } = older.answers[n];
        a.known = distinct([...known, ...(older.sent ? [value] : []), ...a.known]);
      });
    if (flying && places(flying) === places(entry)) knows(flying);
    for (const list of [held, queue]) {
      const at = list.findIndex((e) => places(e) === places(entry));
      if (at < 0) continue;
      const [older] = list.splice(at, 1);
      knows(older);
      entry.done.push(...older.done);
      if (due) entry.due = Math.min(due, (entry.since = older.since) + LONGEST);
    }
    queue.push(entry);
    store();
    return entry;
  };

  wire.answer = (record, answers) => {
    const entry = add(record, answers);
    const reply = new Promise((done) => entry.done.push(done));
    wire.flush();
    return reply;
  };
  wire.draft = (record, answer) => {
    const entry = add(record, [answer], { due: performance.now() + PAUSE });
    const reply = new Promise((done) => entry.done.push(done));
    pump();
    return reply;
  };
  /** Send at once what has been typed. */
  wire.flush = () => {
    queue.forEach((entry) => (entry.due = 0));
    pump();
  };
  /** Let go of answers that wait, and have been refused: nobody needs them any more. */
  wire.forget = (which) => {
    held = held.filter((entry) => !which(entry));
    store();
  };
  /** Try again what could not be saved. */
  wire.again = () => {
    queue = [...held, ...queue];
    held = [];
    wire.problem = null;
    wire.flush();
  };
  wire.waiting = () => held.length + queue.length + (flying ? 1 : 0);
  /** The value that waits to be saved in a place, or undefined. */
  wire.unsaved = (record, path) => {
    const here = JSON.stringify([record, path]);
    const found = [...held, ...(flying ? [flying] : []), ...queue]
      .flatMap((e) => e.answers.map((a) => [place(e.record, a), a.value]))
      .filter(([at]) => at === here);
    return found.at(-1)?.[1];
  };
  /** Everything that waits, oldest first: [{record, answers}] */
  wire.all = () => [...held, ...(flying ? [flying] : []), ...queue];
  wire.ask = (op, more = {}) => send({ op, ...more });
  wire.on = (push, act) => listeners.set(push, [...(listeners.get(push) ?? []), act]);
  wire.on("held", () => {
    if (!flying) return;
    wire.late = elsewhere = true;
    tell("unsaved", unsaved());
  });
  wire.load = async (part) => {
    const loaded = await send({ op: "load" });
    const first = key === null;
    if (loaded.key) key = `vigkit:${loaded.key}:${part}`;
    if (first && key !== null) {
      let kept = [];
      try {
        kept = JSON.parse(sessionStorage.getItem(key) ?? "[]");
      } catch { /* nothing that can be read */ }
      const fresh = queue;
      queue = [];
      kept.forEach((each) => add(each.record, each.answers, { sent: each.sent }));
      queue.push(...fresh);
    }
    return loaded;
  };
  wire.start = pump;
  wire.close = () => {
    closed = true;
    clearTimeout(timer);
    clearTimeout(typing); // what waits was stored when it was said; a part made anew may have sent it since
    model.off("msg:custom", onMessage);
  };
  return wire;
}

/** The line that says whether all is saved, and the one for a problem. */
function savedLine(wire) {
  const saved = h("p.vk-saved", { vk: "saved", role: "status" }, "Saved");
  const words = h("span", {});
  const again = h("button.vk-link", { type: "button", onclick: () => wire().again() }, "Try again");
  const problem = h("p.vk-problem", { vk: "problem", role: "alert", hidden: true }, words, " ", again);
  const update = () => {
    const now = wire();
    const told = { saved: "Saved", saving: "Saving", unsaved: "Not saved yet" }[now.state];
    if (saved.textContent !== told) saved.firstChild.data = told;
    saved.dataset.state = now.state;
    if (words.textContent !== (now.problem ?? "")) words.textContent = now.problem ?? "";
    problem.hidden = !now.problem;
    again.hidden = now.state !== "unsaved" && !now.retry;
  };
  return { saved, problem, update };
}

/** Keys typed in a part never reach the notebook: JupyterLab would insert and delete cells. */
function ownKeys(root) {
  root.dataset.lmSuppressShortcuts = "true";
  for (const kind of ["keydown", "keyup", "keypress"]) {
    root.addEventListener(kind, (e) => {
      const saves = (e.ctrlKey || e.metaKey) && e.key.toLowerCase() === "s";
      if (!saves) e.stopPropagation();
    });
  }
}
