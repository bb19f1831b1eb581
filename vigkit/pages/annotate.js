// Marking moments on a film. Times are those of the picture on the screen, never of a clock; what is shown is
// what Python has stored, and hollow until then. See annotate.py for the messages.

const SPEEDS = [0.25, 0.5, 0.75, 1, 1.5, 2];
const SHORT = 300; // ms of the hand: a key that is let go sooner was tapped
const TAPPED = 5; // seconds before and after a tap: a moment of about ten seconds
const JUMP = 2; // seconds with an arrow key
const NEAR = 5e-4; // seconds: a browser tells the time of a picture that exactly
const MANY = 50, STRETCH = 120; // so many moments are put together by so many seconds
const GAP = 1; // seconds between two places of a box that it may go by itself (film/hide.py)
const NEWS = 5000; // ms between two questions for news while a film plays
const GONE = ["consent-withdrawn", "film-missing", "film-changed", "unknown-film"]; // nothing is to be seen then
const FIRST = [
  { field: "better", label: "What is better than usual here?" },
  { field: "why", label: "Why this moment for your question?" },
];
const LATER = [
  { field: "saw", label: "What do you see and hear?", hint: "As a camera would tell it" },
  { field: "i_did", label: "What did you do?" },
  { field: "they_did", label: "What did the other person do?" },
  { field: "surprised", label: "What surprised you?" },
];
const STAR = '<svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true"><path d="M12 3l2.7 5.9 6.3.7-4.7 4.3 1.3 6.3-5.6-3.2-5.6 3.2 1.3-6.3L3 9.6l6.3-.7z" stroke="currentColor" stroke-width="2" stroke-linejoin="round"/></svg>';
// Every key: what it is called, what it does, and the name of the act. The help card is made of this.
const KEYS = [
  ["Mark", [
    ["B", "Hold while it is better than usual", "hold"],
    ["B", "Tap: 5 seconds before and after", null],
    ["I", "In: it starts with this picture", "in"],
    ["O", "Out: it ends with this picture", "out"],
    ["Enter", "Write about the moment, and go on", "write"],
    ["J", "Joy", "joy"],
    ["1 to 6", "What you might see, then its number", null],
    ["0", "Back from what you might see", null],
    ["Delete", "Delete the moment", "remove"],
    ["Ctrl Z", "Undo", "undo"],
    ["Ctrl Y", "Redo", "redo"],
  ]],
  ["Watch", [
    ["Space", "Play and pause", "play"],
    ["K", "Play and pause", "play"],
    ["-", "Slower", "slower"],
    ["+", "Faster", "faster"],
    ["M", "Sound off and on", "mute"],
    ["L", "Loop the moment", "loop"],
    ["F", "Full screen", "full"],
  ]],
  ["Find", [
    ["←", "2 seconds back", "left"],
    ["→", "2 seconds on", "right"],
    [",", "One picture back", "back"],
    [".", "One picture on", "on"],
    ["<", "Some pictures back", "backs"],
    [">", "Some pictures on", "ons"],
    ["P", "Previous moment", "previous"],
    ["N", "Next moment", "next"],
    ["Home", "To the start", "home"],
    ["End", "To the end", "end"],
  ]],
  ["Move an edge by one picture (Shift: by some)", [
    ["Q", "Start earlier", "start-"],
    ["W", "Start later", "start+"],
    ["E", "End earlier", "end-"],
    ["R", "End later", "end+"],
  ]],
  ["Put an edge where you are", [
    ["S", "Start with this picture", "start"],
    ["D", "End with this picture", "finish"],
  ]],
  ["This card", [
    ["?", "All keys", "help"],
    ["Esc", "Leave a field, or what was begun", "leave"],
  ]],
];
let parts = 0; // for ids that are the only ones on the page

const clamp = (value, low, high) => Math.max(low, Math.min(value, high));
const up3 = (t) => Math.ceil(t * 1000 - 1e-6) / 1000;
const down3 = (t) => Math.floor(t * 1000 + 1e-6) / 1000;
const span = (m) => `${clock(m.start)} to ${clock(m.end)}`;

/** Change the words of a node and nothing else: a page has little to look at anew then. */
function put(node, words) {
  const text = node.firstChild;
  if (text?.nodeType !== Node.TEXT_NODE || node.childNodes.length > 1) node.textContent = words;
  else if (text.data !== words) text.data = words;
}

/** The place of the first of these sorted times that is not before t. */
function placeOf(times, t) {
  let low = 0, high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] < t) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** When the pictures of a film are shown: learned as they come, and exact as soon as Python has told them. */
function pictureTimes(seconds) {
  let times = [], exact = false;
  const showing = (t) => Math.max(0, placeOf(times, t + NEAR) - 1);
  const gap = () => {
    const n = times.length;
    return n < 3 ? 0.04 : [...times.slice(1, 40)].map((t, i) => t - times[i]).sort((a, b) => a - b)[Math.min(n - 2, 38) >> 1];
  };
  const made = {
    get exact() {
      return exact;
    },
    gap,
    give(told) {
      times = told;
      exact = true;
    },
    learn(t) {
      const at = placeOf(times, t - NEAR);
      if (!exact && !(Math.abs(times[at] - t) <= NEAR)) times.splice(at, 0, t);
    },
    /** The time of the picture on the screen at t. */
    at: (t) => (exact ? times[showing(t)] : t),
    /** A start as it is stored: rounded so that it still shows this picture. */
    start: (t) => clamp(up3(made.at(t)), 0, seconds),
    /** An end as it is stored: this picture is the last one before it. */
    end: (t) => Math.min(down3(exact ? (times[showing(t) + 1] ?? seconds) : t + gap()), seconds),
    /** The last picture before an end. */
    last: (end) => (exact ? times[Math.max(0, placeOf(times, end - NEAR) - 1)] : Math.max(0, end - gap())),
    /** Where to look for the picture that is so many further: well inside the time for which it is shown. */
    inside(t, by = 0) {
      if (!exact) return Math.max(0, t + by * gap() + gap() / 4);
      const n = clamp(showing(t) + by, 0, times.length - 1);
      return times[n] + Math.min(((times[n + 1] ?? seconds) - times[n]) / 2, 0.02);
    },
  };
  return made;
}

/** A film that knows which picture is on the screen. */
function player(video, times, { picture, state, jump }) {
  const exactly = "requestVideoFrameCallback" in video;
  let shown = 0, goal = null, wanted = null, loop = null, seen = 0; // goal: sought, and its picture has not come
  video.preservesPitch = true;
  const saw = (t) => {
    shown = t;
    seen += 1;
    if (!video.seeking && wanted === null) goal = null;
    times().learn(t);
    // the last picture of a loop is there: from here it goes back
    if (loop && !video.paused && t >= times().last(loop.end) - NEAR) go(loop.start);
    picture(t);
  };
  const follow = () =>
    video.requestVideoFrameCallback((_now, frame) => {
      saw(frame.mediaTime);
      follow();
    });
  if (exactly) follow();
  video.addEventListener("timeupdate", () => {
    if (!exactly) saw(video.currentTime);
    if (loop && video.currentTime > loop.end + 0.25) go(loop.start);
  });
  // one place after the other: a browser that is asked for many at once shows none of them
  const leap = () => {
    if (wanted === null || video.seeking || video.readyState < 1) return;
    video.currentTime = wanted;
    wanted = null;
  };
  video.addEventListener("seeked", () => (wanted === null ? picture(now()) : leap()));
  video.addEventListener("loadedmetadata", leap);
  video.addEventListener("ended", () => loop && (go(loop.start), play()));
  for (const kind of ["play", "pause", "ratechange", "volumechange"]) video.addEventListener(kind, state);
  const now = () => goal ?? (exactly ? shown : video.currentTime);
  const seek = (t) => {
    goal = wanted = clamp(t, 0, Math.max(0, (video.duration || 1e9) - 1e-3));
    leap();
  };
  const go = (t) => {
    jump();
    seek(times().inside(t));
  };
  const play = () => {
    if (loop && (now() < loop.start - NEAR || now() >= loop.end - NEAR)) go(loop.start);
    return video.play().catch(() => {});
  };
  /** The next or previous picture where their times are not told yet: a little further until another one comes. */
  const feel = (way, tries = 0) => {
    const before = seen, from = shown;
    const check = () => {
      if (Math.abs(shown - from) <= NEAR && tries < 12) feel(way, tries + 1);
    };
    video.addEventListener("seeked", () => setTimeout(check, seen === before ? 60 : 0), { once: true });
    seek(from + way * times().gap() * (0.5 + tries / 2) + 1e-4);
  };
  return {
    now, go, play,
    seek(t) {
      jump();
      seek(t);
    },
    turn: () => (video.paused ? play() : video.pause()),
    step(by) {
      if (!video.paused) jump();
      video.pause();
      if (!times().exact && Math.abs(by) === 1 && wanted === null && !video.seeking) feel(by);
      else seek(times().inside(now(), by));
    },
    speed(way) {
      const at = SPEEDS.indexOf(video.playbackRate);
      const rate = typeof way === "number" ? way : SPEEDS[clamp((at < 0 ? 3 : at) + (way === "+" ? 1 : -1), 0, SPEEDS.length - 1)];
      video.playbackRate = video.defaultPlaybackRate = rate; // the default outlives another source
    },
    get loop() {
      return loop;
    },
    set loop(stretch) {
      loop = stretch;
    },
  };
}

/** A moment as it is stored: no key without an answer. */
function tidy(moment) {
  const empty = (v) => v === null || v === undefined || v === "" || v === false || (Array.isArray(v) && !v.length);
  return moment && Object.fromEntries(Object.entries(moment).filter(([, value]) => !empty(value)));
}

/** Whether two answers are one as they are stored: what is empty is no answer. */
function alike(a, b) {
  const lists = Array.isArray(a) && Array.isArray(b);
  if (lists) return a.length === b.length && a.every((each, n) => alike(each, b[n]));
  if (a && b && typeof a === "object" && typeof b === "object")
    return same(Object.keys(a = tidy(a)).sort(), Object.keys(b = tidy(b)).sort()) && Object.keys(a).every((key) => alike(a[key], b[key]));
  return same(tidy({ its: a }), tidy({ its: b }));
}

/** The moments: as they are shown, as they are stored, and the way back. */
function keeper({ changed, foreign, say, calm }) {
  // id -> {stored, shown, sent: what went over, draft: the words being written, disputes: field -> {mine, theirs}}
  const all = new Map();
  const past = [], future = [];
  let wire = null, record = null;
  const entry = (id) => {
    if (!all.has(id)) all.set(id, { id, stored: null, shown: null, sent: {}, draft: null, disputes: new Map() });
    return all.get(id);
  };
  const of = (e) => e.answers.some((a) => a.path[0] === "moments") && e.answers[0].path[1];
  const waiting = () => new Set(wire.all().map(of));
  const waits = (id) => waiting().has(id);

  /** Send what has changed in a moment; `changes` null: it is new, or deleted, and goes over whole. */
  function send(m, changes, draft) {
    const whole = !changes || !m.stored;
    // a new moment goes over whole, and once it is stored a word of it by itself: these wait beside each other
    const writing = draft ? `${Object.keys(changes)[0]} ${whole}` : null, on = writing !== null && m.draft === writing;
    m.draft = writing;
    // what is under way may be stored already when the next answer comes; of a word on the way, its last letter
    const went = (place) => (m.sent[place] ?? []).slice(0, on ? -1 : undefined);
    const keep = (place, value) => (m.sent[place] = [...went(place), value]);
    // an answer in dispute does not know the other one until a person has chosen
    const known = (place, stored) => (m.disputes.has(place) ? [] : [stored ?? null, ...went(place)]);
    const answers = whole
      ? [{ path: ["moments", m.id], value: m.shown, known: known("", m.stored) }]
      : Object.keys(changes).map((field) => ({
          path: ["moments", m.id, field], value: m.shown[field] ?? null, known: known(field, m.stored[field]),
        }));
    keep("", m.shown);
    for (const each of Object.keys(changes ?? {})) keep(each, m.shown?.[each] ?? null);
    if (draft && answers.length === 1) wire.draft(record, answers[0]);
    else wire.answer(record, answers);
    changed(m.id);
  }
  function apply(id, changes, { whole = false, draft = false, chosen = false } = {}) {
    const m = entry(id);
    if (!whole && !m.shown) return;
    m.shown = tidy(whole ? changes : { ...m.shown, ...changes });
    if (whole) {
      m.disputes.clear();
      wire.forget((e) => of(e) === id);
    } else {
      for (const field of Object.keys(changes)) {
        if (chosen) m.disputes.delete(field);
        else if (m.disputes.has(field)) m.disputes.get(field).mine = m.shown[field] ?? null;
      }
    }
    send(m, whole ? null : changes, draft);
  }
  function run(op, side) {
    apply(op.id, op[side], { whole: op.whole });
    return op;
  }
  /** Whether a moment still is as an operation has left it: another window may have gone on from there. */
  function asLeft(op, side) {
    const now = kept.get(op.id);
    return alike(op.whole ? now : picked(now, Object.keys(op[side])), tidy(op[side]));
  }
  /** Take the last operation back, or do it again; null where another window was there since. */
  function turn(from, to, left, side) {
    const op = from.pop();
    if (!asLeft(op, left)) {
      say("Another window has changed this moment since. It stays as it is.");
      changed(op.id);
      return null;
    }
    to.push(run(op, side));
    return op;
  }
  const did = (op) => {
    future.length = 0;
    past.push(op);
  };
  const picked = (moment, fields) => Object.fromEntries(fields.map((f) => [f, moment?.[f] ?? null]));

  /** Take in moments as Python has stored them. */
  function take(reply) {
    for (const plain of reply.moments ?? []) stand(entry(plain.id), plain);
    for (const id of reply.gone ?? []) stand(entry(id), null);
    if (reply.foreign) foreign();
  }
  function stand(m, plain) {
    m.stored = plain;
    if (!waits(m.id)) {
      m.shown = plain;
      m.sent = {};
    }
    changed(m.id);
  }
  /** Show again what is stored: it was refused, or another window was first. */
  function back(id, theirs) {
    const m = entry(id);
    if (theirs !== undefined) m.stored = theirs;
    m.shown = m.stored;
    m.sent = {};
    m.disputes.clear();
    changed(id);
  }

  const kept = {
    all,
    waiting,
    begin(theWire, theRecord, moments) {
      [wire, record] = [theWire, theRecord];
      const told = new Set(moments.map((m) => m.id));
      for (const id of all.keys()) if (!told.has(id)) stand(entry(id), null);
      for (const plain of moments) {
        const m = entry(plain.id);
        stand(m, plain);
        m.shown ??= plain; // what waits for it is put on top
      }
    },
    /** What was not saved when the page was last open is shown, and goes over again. */
    recover() {
      for (const e of wire.all()) {
        for (const { path, value } of e.answers.filter((a) => a.path[0] === "moments")) {
          const m = entry(path[1]);
          m.shown = path.length === 2 ? value : tidy({ ...(m.shown ?? { id: m.id }), [path[2]]: value });
          changed(m.id);
        }
      }
    },
    get: (id) => all.get(id)?.shown ?? null,
    /** An answer of this moment that is here twice, until one is chosen: {field, mine, theirs}. */
    dispute(id) {
      const [first] = all.get(id)?.disputes ?? [];
      return first ? { field: first[0], ...first[1] } : null;
    },
    of: (film) => [...all.values()].map((m) => m.shown).filter((m) => m?.film === film && "start" in m).sort((a, b) => a.start - b.start || a.end - b.end),
    add(moment) {
      const letters = "abcdefghkmnpqrstuvwxyz0123456789";
      const drawn = [...crypto.getRandomValues(new Uint8Array(8))].map((n) => letters[n % letters.length]).join("");
      const op = { id: `m${drawn}`, whole: true, before: null, after: { id: `m${drawn}`, ...moment } };
      did(run(op, "after"));
      return op.id;
    },
    change(id, changes) {
      const now = kept.get(id);
      if (!now || same(picked(now, Object.keys(changes)), picked(changes, Object.keys(changes)))) return;
      did(run({ id, before: picked(now, Object.keys(changes)), after: changes }, "after"));
    },
    remove(id) {
      const now = kept.get(id);
      if (now) did(run({ id, whole: true, before: now, after: null }, "after"));
    },
    /** A word on the way: saved when the typing stops. */
    type: (id, field, words) => apply(id, { [field]: words || null }, { draft: true }),
    /** Typing is over: from here it is one step to undo. */
    typed(id, field, before) {
      const after = kept.get(id)?.[field] ?? null;
      if (!same(before, after)) did({ id, before: { [field]: before ?? null }, after: { [field]: after } });
    },
    /** One of two answers is chosen. */
    resolve: (id, field, value) => apply(id, { [field]: value }, { chosen: true }),
    undo: () => (past.length ? turn(past, future, "after", "before") : null),
    redo: () => (future.length ? turn(future, past, "before", "after") : null),
    get ways() {
      return { undo: past.length > 0, redo: future.length > 0 };
    },
    stored: take,
    /** Another window was first: words stand side by side, and wait; all else is as the other window has it. */
    disagreed({ path, value }, theirs) {
      if (path[0] !== "moments") return false;
      const field = path[2];
      if (field === undefined || typeof value !== "string") {
        back(path[1], field === undefined ? theirs : tidy({ ...entry(path[1]).stored, [field]: theirs }));
        calm();
        say("Another window has changed this moment. It is as it was left there.");
        return false;
      }
      const m = entry(path[1]);
      m.stored = tidy({ ...m.stored, [field]: theirs });
      delete m.sent[field];
      m.disputes.set(field, { mine: m.shown?.[field] ?? value, theirs });
      changed(m.id);
      return true;
    },
    /** An answer that was refused: words and new moments wait, anything else is let go. */
    lost(e, problem) {
      const id = of(e);
      if (!id) return false;
      const { path, value } = e.answers[0];
      const words = path.length === 3 && typeof value === "string";
      if (problem.code === "unknown-moment") {
        const m = entry(id);
        m.stored = null;
        m.sent = {};
        if (words && m.shown?.film) queueMicrotask(() => send(m, null));
        else back(id, null);
        calm();
        say(words ? "Another window had deleted this moment. It is here again, with your words." : "Another window has deleted this moment.");
        return true;
      }
      const later = ["disk-full", "no-permission", "machine-failed", "busy"].includes(problem.code);
      if (later || words || (path.length === 2 && value)) {
        changed(id);
        return false;
      }
      queueMicrotask(() => back(id));
      if (problem.code === "answered-elsewhere") calm();
      return true;
    },
  };
  return kept;
}

/** The timeline: small pictures, the sound, the moments; one can look, and drag. */
function timeline({ moments, hollow, open, player, times, seconds, onPick, onMark, onEdges, onLook, begun }) {
  const canvas = h("canvas.vk-timeline", { vk: "timeline", role: "slider", tabIndex: 0, "aria-label": "Timeline of the film",
    "aria-valuemin": "0", "aria-valuemax": "0", "aria-valuenow": "0", "aria-valuetext": "0:00" });
  // what is drawn anew with every picture lies on what changes with a mark, and that on what hardly changes
  const below = document.createElement("canvas"), deepest = document.createElement("canvas");
  const paper = canvas.getContext("2d"), ground = below.getContext("2d"), scene = deepest.getContext("2d");
  const PICTURES = 42, SOUND = 20, TOP = PICTURES + SOUND + 5, MARKS = 32, TICKS = 20;
  const height = TOP + MARKS + 3 + TICKS;
  let width = 0, scale = 1, view = { from: 0, to: 1, length: 0 }, strip = null, stale = true, bare = true, asked = 0, drag = null, rows = new Map(), deep = 1;
  let shownNumber = "", films = 0; // films: how many were begun or let go; the strip of an earlier one is late

  const x = (t) => ((t - view.from) / (view.to - view.from)) * width;
  const t = (px) => clamp(view.from + (px / width) * (view.to - view.from), 0, seconds());

  /** Moments that overlap stand below one another. */
  function place() {
    const ends = [0, 0, 0];
    rows = new Map();
    for (const m of moments()) {
      const free = ends.findIndex((end) => end <= m.start + 1e-6);
      rows.set(m.id, free < 0 ? 2 : free);
      ends[free < 0 ? 2 : free] = m.end;
    }
    deep = Math.max(1, ends.findLastIndex((end) => end > 0) + 1);
  }
  function look() {
    if (!view.length || view.length >= seconds()) view = { ...view, from: 0, to: seconds() || 1 };
    else if (view.to < 0 || player().now() < view.from || player().now() > view.to) {
      const from = clamp(player().now() - view.length * 0.1, 0, seconds() - view.length);
      view = { ...view, from, to: from + view.length };
      stale = bare = true;
    }
  }
  function drawGround() {
    if (bare) drawScene();
    ground.setTransform(1, 0, 0, 1, 0, 0);
    ground.clearRect(0, 0, below.width, below.height);
    ground.drawImage(deepest, 0, 0);
    ground.setTransform(scale, 0, 0, scale, 0, 0);
    drawMoments();
    stale = false;
  }
  function drawScene() {
    scene.setTransform(scale, 0, 0, scale, 0, 0);
    scene.clearRect(0, 0, width, height);
    drawPictures();
    drawSound();
    drawTicks();
    bare = false;
  }
  function drawPictures() {
    const high = strip && !strip.loud ? PICTURES + SOUND : PICTURES;
    scene.fillStyle = "#eef1f3";
    scene.fillRect(0, 0, width, high);
    if (!strip) return;
    const wide = (strip.width / strip.height) * high;
    for (let px = 0; px < width; px += wide) {
      const n = clamp(Math.round(t(px + wide / 2) / strip.every), 0, strip.count - 1);
      const sheet = strip.sheets[Math.floor(n / (strip.columns * 10))];
      const k = n % (strip.columns * 10);
      if (sheet) scene.drawImage(sheet, (k % strip.columns) * strip.width, Math.floor(k / strip.columns) * strip.height, strip.width, strip.height, px, 0, wide, high);
    }
  }
  function drawSound() {
    if (!strip?.loud) return;
    scene.fillStyle = "#4c6272";
    for (let px = 0; px < width; px += 1) {
      const from = Math.floor(t(px) * strip.perSecond), to = Math.max(from + 1, Math.floor(t(px + 1) * strip.perSecond));
      let loud = 0;
      for (let n = from; n < to && n < strip.peaks.length; n += 1) loud = Math.max(loud, strip.peaks[n]);
      const tall = (loud / strip.loud) * (SOUND - 4);
      scene.fillRect(px, PICTURES + SOUND / 2 - tall / 2, 1, Math.max(tall, 0.5));
    }
  }
  function drawTicks() {
    scene.fillStyle = "#4c6272";
    scene.font = "13px system-ui, sans-serif";
    scene.textBaseline = "bottom";
    for (const [share, align] of [[0, "left"], [0.5, "center"], [1, "right"]]) {
      scene.textAlign = align;
      scene.fillText(clock(view.from + share * (view.to - view.from), 0), share * width, height - 2);
    }
    scene.fillStyle = "#d8dde0";
    scene.fillRect(0, TOP - 3, width, 1);
    scene.fillRect(0, height - TICKS, width, 1);
  }
  const box = (m) => ({ left: x(m.start), wide: Math.max(x(m.end) - x(m.start), 3), top: TOP + ((rows.get(m.id) ?? 0) * MARKS) / deep, high: MARKS / deep - 2 });
  function drawMoment(on, m, { hollow, chosen }) {
    const { left, wide, top, high } = box(m);
    if (left > width || left + wide < 0) return;
    on.fillStyle = hollow ? "#ffffff" : "#0e51a0";
    on.strokeStyle = chosen ? "#212b32" : "#0e51a0";
    on.lineWidth = chosen ? 3 : 2;
    on.setLineDash(hollow ? [4, 3] : []);
    on.fillRect(left, top, wide, high);
    if (hollow || chosen) on.strokeRect(left + 1, top + 1, Math.max(wide - 2, 1), high - 2);
    on.setLineDash([]);
  }
  function drawMoments() {
    place();
    const list = moments();
    for (const m of list) if (m.id !== open()) drawMoment(ground, m, { hollow: hollow().has(m.id) });
    const chosen = list.find((m) => m.id === open());
    if (chosen) drawMoment(ground, chosen, { hollow: hollow().has(chosen.id), chosen: true });
    if (list.length || !width) return;
    ground.fillStyle = "#4c6272";
    ground.font = "14px system-ui, sans-serif";
    ground.textAlign = "left";
    ground.textBaseline = "middle";
    ground.fillText("Your moments come here. You can also drag here.", 6, TOP + MARKS / 2);
  }
  function paint() {
    asked = 0;
    look();
    if (stale) drawGround();
    paper.setTransform(1, 0, 0, 1, 0, 0);
    paper.clearRect(0, 0, canvas.width, canvas.height);
    paper.drawImage(below, 0, 0);
    paper.setTransform(scale, 0, 0, scale, 0, 0);
    const making = drag?.moment ?? begun();
    if (making) drawMoment(paper, { id: "", ...making }, { hollow: true, chosen: true });
    const at = x(player().now());
    paper.fillStyle = "#212b32";
    paper.fillRect(at - 1, 0, 2, height - TICKS);
    paper.beginPath();
    paper.moveTo(at - 6, 0);
    paper.lineTo(at + 6, 0);
    paper.lineTo(at, 9);
    paper.fill();
  }
  function tell() {
    const now = player().now();
    const said = clock(now, 0);
    if (said === shownNumber) return;
    shownNumber = said;
    canvas.setAttribute("aria-valuenow", now.toFixed(0));
    canvas.setAttribute("aria-valuetext", said);
  }
  /** Draw with the next picture of the page; "marks": those have changed; "all": everything has. */
  const draw = (what) => {
    stale ||= Boolean(what);
    bare ||= what === "all";
    asked ||= requestAnimationFrame(paint);
  };
  const watch = new ResizeObserver(() => {
    const wide = Math.floor(canvas.parentElement?.clientWidth ?? 0);
    const sharp = Math.min(window.devicePixelRatio || 1, 3);
    if (!wide || (wide === width && sharp === scale)) return;
    [width, scale] = [wide, sharp];
    for (const each of [canvas, below, deepest]) [each.width, each.height] = [Math.round(width * scale), Math.round(height * scale)];
    canvas.style.height = `${height}px`;
    draw("all");
  });

  /** What lies under the pointer: an edge or the body of a moment, or a place to look at. */
  function under(e) {
    const px = e.offsetX, py = e.offsetY;
    if (py < TOP - 3 || py > height - TICKS) return { kind: "look" };
    let body = null;
    for (const m of moments()) {
      const { left, wide, top, high } = box(m);
      if (py < top - 2 || py > top + high + 2) continue;
      const inner = Math.min(6, wide / 3);
      if (Math.abs(px - left) <= 6 && px <= left + inner) return { kind: "start", m };
      if (Math.abs(px - left - wide) <= 6 && px >= left + wide - inner) return { kind: "end", m };
      if (px >= left && px <= left + wide) body = m;
    }
    return body ? { kind: "pick", m: body } : { kind: "new" };
  }
  function pull(e) {
    const at = t(e.offsetX);
    if (drag.kind === "look") return onLook(at);
    if (drag.kind === "pick") return;
    if (drag.kind === "new" && Math.abs(e.offsetX - drag.px) < 4 && !drag.moment) return;
    const first = drag.kind === "new" ? drag.at : drag.kind === "start" ? drag.m.end : drag.m.start;
    const [from, to] = drag.kind === "start" ? [Math.min(at, times().last(first)), first] : drag.kind === "end" ? [first, Math.max(at, first + NEAR)] : [Math.min(first, at), Math.max(first, at)];
    drag.moment = {
      start: drag.kind === "end" ? drag.m.start : times().start(from),
      end: drag.kind === "start" ? drag.m.end : times().end(to),
    };
    onLook(at, drag.moment);
    draw();
  }
  canvas.addEventListener("pointerdown", (e) => {
    if (e.button) return;
    canvas.setPointerCapture(e.pointerId);
    drag = { ...under(e), px: e.offsetX, at: t(e.offsetX), moment: null };
    if (drag.kind === "look") onLook(drag.at);
  });
  canvas.addEventListener("pointermove", (e) => {
    if (drag) return pull(e);
    const { kind } = under(e);
    canvas.style.cursor = kind === "start" || kind === "end" ? "ew-resize" : kind === "new" ? "crosshair" : "pointer";
  });
  canvas.addEventListener("pointerup", () => {
    const done = drag;
    drag = null;
    if (!done) return;
    if (done.moment && done.kind === "new") onMark(done.moment);
    else if (done.moment) onEdges(done.m.id, { start: done.moment.start, end: done.moment.end });
    else if (done.kind === "look") onLook(null);
    else if (done.m) onPick(done.m.id);
    else onLook(done.at);
    draw("marks");
  });
  canvas.addEventListener("pointercancel", () => ((drag = null), draw()));
  return {
    canvas, draw, tell,
    watch: (holder) => watch.observe(holder),
    close() {
      watch.disconnect();
      cancelAnimationFrame(asked);
    },
    zoom(length) {
      view = { ...view, length, from: 0, to: -1 };
      draw("all");
    },
    ready() {
      canvas.setAttribute("aria-valuemax", seconds().toFixed(1));
      strip = null;
      films += 1;
      draw("all");
    },
    async strip(told, buffers) {
      const now = films;
      const bytes = buffers.map((b) => new Uint8Array(b.buffer ?? b, b.byteOffset ?? 0, b.byteLength));
      const sheets = await Promise.all(bytes.slice(1).map((b) => createImageBitmap(new Blob([b], { type: "image/jpeg" })).catch(() => null)));
      if (now !== films) return;
      const peaks = bytes[0];
      strip = { ...told, perSecond: told.per_second, peaks, loud: peaks.reduce((a, b) => Math.max(a, b), 0), sheets };
      draw("all");
    },
  };
}

/** The moments as a list of buttons; a row is mended in its place, and never made anew. */
function momentList(onPick) {
  const list = h("div.vk-moments", { role: "group", "aria-label": "Your moments", hidden: true });
  const rows = new Map(), groups = new Map(); // many are put together by their time: those out of sight cost nothing
  function group(key) {
    if (!groups.has(key)) {
      const made = h("ol");
      groups.set(key, made);
      const later = [...groups.keys()].filter((each) => each > key).sort((a, b) => a - b)[0];
      list.insertBefore(made, groups.get(later) ?? null);
    }
    return groups.get(key);
  }
  function row(id) {
    const parts = { when: h("span.vk-when"), words: h("span.vk-words", { dir: "auto" }), star: h("span.vk-star"), state: h("span.vk-quiet"), ask: h("span.vk-quiet") };
    parts.button = h("button", { type: "button", vk: "moment", "data-id": id, onclick: () => onPick(id) }, parts.when, parts.star, parts.words, parts.state, parts.ask);
    parts.item = h("li", {}, parts.button);
    rows.set(id, parts);
    return parts;
  }
  function mend(parts, m, { chosen, hollow, names }) {
    const data = parts.button.dataset;
    if (data.start !== String(m.start)) data.start = String(m.start);
    if (data.end !== String(m.end)) data.end = String(m.end);
    put(parts.when, span(m));
    put(parts.words, m.better || (m.principles ?? []).map(names).join(", "));
    put(parts.state, hollow ? "Not saved yet" : "");
    put(parts.ask, m.why ? "" : "Why this moment for your question?");
    if (Boolean(m.joy) !== Boolean(parts.star.firstChild)) parts.star.innerHTML = m.joy ? `${STAR}<span class="vk-unseen">Joy</span>` : "";
    parts.button.classList.toggle("vk-hollow", hollow);
    if (chosen) parts.button.setAttribute("aria-current", "true");
    else parts.button.removeAttribute("aria-current");
  }
  return {
    list,
    /** One row, or with no id all of them. */
    show(all, about, only) {
      const known = new Set(all.map((m) => m.id));
      for (const [id, parts] of rows) {
        if (!known.has(id)) {
          parts.item.remove();
          rows.delete(id);
        }
      }
      const many = all.length > MANY, filled = new Map();
      for (const m of all) {
        const parts = rows.get(m.id) ?? row(m.id), key = many ? Math.floor(m.start / STRETCH) : 0;
        const here = group(key), n = filled.get(key) ?? 0;
        filled.set(key, n + 1);
        if (here.children[n] !== parts.item) here.insertBefore(parts.item, here.children[n] ?? null);
        if (!only || only.has(m.id) || !parts.button.dataset.start) mend(parts, m, about(m));
      }
      for (const [key, each] of groups) {
        if (filled.has(key)) continue;
        each.remove();
        groups.delete(key);
      }
      list.hidden = !all.length;
      list.classList.toggle("vk-many", many);
    },
    focus: (id) => rows.get(id)?.button.focus(),
  };
}

/** A button that stays pressed. */
function toggle(words, act, more = {}) {
  const button = h("button", { type: "button", "aria-pressed": "false", ...more }, words);
  button.addEventListener("click", () => act(button.getAttribute("aria-pressed") !== "true"));
  button.set = (on) => button.setAttribute("aria-pressed", String(Boolean(on)));
  return button;
}

/** Something that is opened where it is wanted. */
function drawer(title, ...inside) {
  return h("details", {}, h("summary", {}, title), ...inside);
}

/** All keys, on a card that gives the focus back. */
function helpCard(levels) {
  const groups = KEYS.map(([title, keys]) =>
    h("section", {}, h("h4", {}, title), h("dl", {}, ...keys.map(([key, words]) => h("div", {}, h("dt", {}, ...key.split(" to ").flatMap((k, n) => (n ? [" to ", h("kbd", {}, k)] : [h("kbd", {}, k)]))), h("dd", {}, words))))));
  const close = h("button.vk-main", { type: "button", onclick: () => card.close() }, "Close");
  const title = h("h3", { id: `vk-keys-${++parts}` }, "All keys");
  const card = h("dialog.vk-help", { vk: "help", "aria-labelledby": title.id }, title,
    h("p.vk-quiet", {}, "They work wherever you are in this part of the page, but not while you write."), h("div.vk-keys", {}, ...groups), close);
  const most = [...card.querySelectorAll("kbd")].find((each) => each.textContent === "6");
  let before = null;
  card.addEventListener("close", () => before?.focus());
  return {
    card,
    show() {
      if (card.open) return card.close();
      before = document.activeElement;
      put(most, String(Math.max(levels().length, ...levels().map((level) => level.principles.length))));
      card.showModal();
      close.focus();
    },
  };
}

/** What you might see: the principles level by level, by key or by list. */
function principleList({ levels, current, change, say, names, stage }) {
  let level = null;
  const buttons = h("div.vk-steps"), items = h("div.vk-see"), seen = h("span.vk-seen");
  const panel = h("details.vk-principles", {}, h("summary", {}, "What might you see? ", seen), buttons, items);
  const chosen = () => current()?.principles ?? [];
  const set = (id, on) => change(on ? [...chosen(), id] : chosen().filter((each) => each !== id));
  function show() {
    buttons.replaceChildren(...levels().map((each, n) => {
      const button = toggle(`${n + 1} ${each.name}`, (on) => pick(on ? n : null));
      button.set(n === level);
      return button;
    }));
    const now = level === null ? null : levels()[level];
    items.replaceChildren(...(now?.principles ?? []).map((p, n) =>
      h("label.vk-option", {}, h("input", { type: "checkbox", checked: chosen().includes(p.id), "data-id": p.id, onchange: (e) => set(p.id, e.target.checked) }),
        h("span", {}, h("kbd", {}, String(n + 1)), ` ${p.label}`, h("span.vk-hint", {}, p.see)))));
  }
  function pick(n) {
    level = n;
    panel.open ||= n !== null;
    show();
    if (n !== null) panel.scrollIntoView({ block: "nearest" });
  }
  const toFilm = () => (pick(null), stage.scrollIntoView({ block: "nearest" }));
  show();
  return {
    panel,
    refresh() {
      for (const box of items.querySelectorAll("input")) box.checked = chosen().includes(box.dataset.id);
      put(seen, chosen().map(names).join(", "));
    },
    renew: () => pick(null),
    /** A digit: first the level, then what is seen in it; 0 goes back. */
    key(digit) {
      if (!current()) return say("Mark a moment first, or choose one.");
      if (digit === 0) return toFilm();
      const now = level === null ? null : levels()[level];
      if (!now) {
        if (levels()[digit - 1]) {
          pick(digit - 1);
          say(`${levels()[digit - 1].name}: ${levels()[digit - 1].principles.map((p, n) => `${n + 1} ${p.label}`).join(", ")}`);
        }
        return undefined;
      }
      const found = now.principles[digit - 1];
      if (!found) return undefined;
      const on = !chosen().includes(found.id);
      set(found.id, on);
      toFilm();
      return say(`${found.label}: ${on ? "chosen" : "taken away"}`);
    },
    leave() {
      if (level === null) return false;
      pick(null);
      return true;
    },
  };
}

/** Turns: who does what, and how. */
function turnList({ id, current, people, acts, ways, times, now, change }) {
  const list = h("ul.vk-turns");
  let shown = "";
  const pick = (name, label, options) => {
    const field = h("select", { id: `${id}-${name}` }, ...options.map((o) => h("option", { value: o }, o)));
    return [h("div", {}, h("label", { for: field.id }, label), field), field];
  };
  const [whoBox, who] = pick("who", "Who", []), [actBox, act] = pick("act", "Does what", acts), [howBox, how] = pick("how", "How", ways);
  const turns = () => current()?.turns ?? [];
  const add = h("button", { type: "button", vk: "turn", onclick: () => {
    const turn = { who: who.value, act: act.value, how: how.value, start: times().start(now()) };
    change([...turns(), turn].sort((a, b) => (a.start ?? 0) - (b.start ?? 0)));
  } }, "Add: it starts with this picture");
  const panel = drawer("Turns: who does what", h("p.vk-hint", {}, "An initiative, how it is received, and the response to it"),
    h("div.vk-pair", {}, whoBox, actBox, howBox), add, list);
  function line(turn, n) {
    const words = `${turn.who}: ${turn.act}${turn.how ? `, ${turn.how}` : ""}, ${clock(turn.start ?? current().start)}${turn.end === undefined ? "" : ` to ${clock(turn.end)}`}`;
    const edit = (more) => change(turns().map((each, k) => (k === n ? { ...each, ...more } : each)));
    return h("li", {}, words, " ",
      h("button.vk-link", { type: "button", "aria-label": `Ends with this picture: ${words}`, onclick: () => edit({ end: Math.max(times().end(now()), turn.start ?? 0) }) }, "Ends here"), " ",
      h("button.vk-link", { type: "button", "aria-label": `Delete: ${words}`, onclick: () => change(turns().filter((_, k) => k !== n)) }, "Delete"));
  }
  return {
    panel,
    refresh() {
      const codes = people();
      if (!same([...who.options].map((o) => o.value), codes)) who.replaceChildren(...codes.map((code) => h("option", { value: code }, code)));
      const told = JSON.stringify([turns(), current()?.start]);
      if (told !== shown) list.replaceChildren(...turns().map(line));
      shown = told;
    },
  };
}

/** Where a box lies at a time: between two of its places that are close, or null. */
function boxAt(cover, t) {
  const keys = cover.keys ?? [];
  const after = keys.findIndex((k) => k.at >= t - NEAR);
  if (after < 0) return null;
  const b = keys[after], a = keys[after - 1];
  if (Math.abs(b.at - t) <= NEAR * 2) return b;
  if (!a || b.at - a.at > GAP + 2e-3) return null;
  const share = (t - a.at) / (b.at - a.at);
  return Object.fromEntries(["x", "y", "width", "height"].map((side) => [side, a[side] + share * (b[side] - a[side])]));
}

/** Boxes round faces: drawn over the film while it stands still, by pointer or by keys. */
function faceBoxes({ video, stage, current, times, now, go, pause, change, say }) {
  const layer = h("div.vk-faces", { hidden: true });
  const list = h("ul.vk-turns"), told = h("p.vk-hint", {}, "Draw a box round a face, go on half a second, and move it along");
  const covers = () => current()?.covers ?? [];
  const at = () => times().start(now());
  const round = (box) => Object.fromEntries(["x", "y", "width", "height"].map((side) => [side, Math.round(box[side] * 1e4) / 1e4]));
  const placed = (cover, t, box) => ({ ...cover, keys: [...(cover?.keys ?? []).filter((k) => Math.abs(k.at - t) > 1.5e-3), { at: t, ...round(box) }].sort((a, b) => a.at - b.at) });
  const put = (n, box) => change(n === null ? [...covers(), placed({}, at(), box)] : covers().map((c, k) => (k === n ? placed(c, at(), box) : c)));
  let drag = null, shown = "";

  /** The layer lies on the picture, not on the dark beside it. */
  function fit() {
    const { videoWidth: w, videoHeight: hgt, clientWidth, clientHeight } = video;
    if (!w || !hgt) return;
    const shrink = Math.min(clientWidth / w, clientHeight / hgt);
    Object.assign(layer.style, { width: `${w * shrink}px`, height: `${hgt * shrink}px`, left: `${video.offsetLeft + (clientWidth - w * shrink) / 2}px`, top: `${video.offsetTop + (clientHeight - hgt * shrink) / 2}px` });
  }
  function boxes() {
    if (layer.hidden) return;
    fit();
    const seen = covers().map((cover, n) => [n, drag?.n === n && drag.box ? drag.box : boxAt(cover, at())]).filter(([, box]) => box);
    if (drag?.n === null && drag.box) seen.push([null, drag.box]);
    const focused = document.activeElement?.dataset?.box;
    layer.replaceChildren(...seen.map(([n, box]) => {
      const each = h("button.vk-face", { type: "button", "data-box": String(n), "aria-label": `Box ${n + 1}. Arrow keys move it, with Shift they change its size.` }, h("span.vk-corner"));
      Object.assign(each.style, { left: `${box.x * 100}%`, top: `${box.y * 100}%`, width: `${box.width * 100}%`, height: `${box.height * 100}%` });
      each.addEventListener("keydown", (e) => byKey(e, n, box));
      return each;
    }));
    if (focused !== undefined) layer.querySelector(`[data-box="${focused}"]`)?.focus();
  }
  function byKey(e, n, box) {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key];
    if (!way) return;
    e.preventDefault();
    e.stopPropagation();
    const [dx, dy] = way.map((d) => d * 0.01);
    put(n, e.shiftKey ? { ...box, width: clamp(box.width + dx, 0.02, 1), height: clamp(box.height + dy, 0.02, 1) } : { ...box, x: clamp(box.x + dx, -box.width + 0.01, 0.99), y: clamp(box.y + dy, -box.height + 0.01, 0.99) });
  }
  const share = (e) => {
    const { left, top, width, height } = layer.getBoundingClientRect();
    return [clamp((e.clientX - left) / width, 0, 1), clamp((e.clientY - top) / height, 0, 1)];
  };
  layer.addEventListener("pointerdown", (e) => {
    e.preventDefault();
    pause();
    layer.setPointerCapture(e.pointerId);
    const face = e.target.closest(".vk-face");
    const n = face ? Number(face.dataset.box) : null;
    drag = { n, from: share(e), size: Boolean(e.target.closest(".vk-corner")), was: n === null ? null : boxAt(covers()[n], at()), box: null };
    face?.focus();
  });
  layer.addEventListener("pointermove", (e) => {
    if (!drag) return;
    const [px, py] = share(e), [fx, fy] = drag.from;
    if (drag.n === null) drag.box = { x: Math.min(px, fx), y: Math.min(py, fy), width: Math.abs(px - fx), height: Math.abs(py - fy) };
    else if (drag.size) drag.box = { ...drag.was, width: Math.max(drag.was.width + px - fx, 0.02), height: Math.max(drag.was.height + py - fy, 0.02) };
    else drag.box = { ...drag.was, x: drag.was.x + px - fx, y: drag.was.y + py - fy };
    boxes();
  });
  layer.addEventListener("pointerup", () => {
    const done = drag;
    drag = null;
    if (done?.box && done.box.width > 0.015 && done.box.height > 0.015) put(done.n, done.box);
    else boxes();
  });
  const add = h("button", { type: "button", onclick: () => (pause(), put(null, { x: 0.4, y: 0.3, width: 0.2, height: 0.3 })) }, "Add a box in the middle");
  /** Half a second on, with every box that is here. */
  const onward = h("button", { type: "button", vk: "follow", onclick: () => {
    const here = at(), m = current();
    const next = times().start(Math.min(here + 0.5, times().last(m.end)));
    if (next <= here + NEAR) return say("This is the end of the moment.");
    pause();
    change(covers().map((cover) => {
      const box = boxAt(cover, here);
      return box && !boxAt(cover, next) ? placed(cover, next, box) : cover;
    }));
    return go(next);
  } }, "On by half a second, with the boxes");
  const draw = toggle("Draw on the film", (on) => show(on));
  const panel = drawer("Boxes round faces", told, h("div.vk-steps", {}, draw, add, onward), list);
  function show(on) {
    layer.hidden = !on;
    draw.set(on);
    if (on) pause();
    boxes();
  }
  panel.addEventListener("toggle", () => show(panel.open && Boolean(current())));
  stage.append(layer);
  new ResizeObserver(boxes).observe(video);
  return {
    panel,
    boxes,
    hide: () => show(false),
    refresh() {
      const told = JSON.stringify(covers());
      if (told !== shown) list.replaceChildren(...covers().map((cover, n) => h("li", {}, `Box ${n + 1}: ${clock(cover.keys[0].at)} to ${clock(cover.keys.at(-1).at)} `,
        h("button.vk-link", { type: "button", "aria-label": `Delete box ${n + 1}`, onclick: () => change(covers().filter((_, k) => k !== n)) }, "Delete"))));
      shown = told;
      boxes();
    },
  };
}

/** One moment, opened: one question at a time, what one might see, and behind "More" everything else. */
function momentCard({ id, kept, film, question, player, times, names, settings, acts, goOn, paused, loop, say, stage, video, levels, told }) {
  let open = null, at = 0, typing = null;
  const now = () => (open ? kept.get(open) : null);
  const change = (changes) => open && kept.change(open, changes);
  const title = h("h3"), label = h("label.vk-label", { for: `${id}-words` }), hint = h("p.vk-hint", { id: `${id}-hint`, dir: "auto" });
  const words = h("textarea", { id: `${id}-words`, rows: 2, dir: "auto", vk: "answer", "aria-describedby": `${id}-hint` });
  const versus = h("div.vk-conflict", { hidden: true });
  const count = h("span.vk-quiet");
  const back = h("button", { type: "button", onclick: () => step(at - 1) }, "Back");
  const on = h("button", { type: "button", vk: "continue", onclick: () => step(at + 1) }, "Continue");
  const round = toggle("Loop", loop);
  const star = toggle("", (yes) => change({ joy: yes || null }), { "aria-label": "Joy", title: "Joy", class: "vk-joy" });
  star.innerHTML = STAR;
  const drop = h("button", { type: "button", onclick: () => remove() }, "Delete");
  const see = principleList({ levels, current: now, change: (principles) => change({ principles }), say, names, stage });
  const turns = turnList({ id, current: now, people: () => film()?.people ?? [], acts: told().acts, ways: told().ways, times, now: () => player().now(), change: (list) => change({ turns: list }) });
  const boxes = faceBoxes({ video, stage, current: now, times, now: () => player().now(), go: (t) => player().go(t), pause: () => video.pause(), change: (covers) => change({ covers }), say });
  const where = h("div");
  const edges = drawer("Start and end", h("p.vk-hint", {}, "By one picture. With Shift and Q, W, E or R by some."), where);
  const rest = h("details.vk-more", {}, h("summary", {}, "More about this moment"), edges, turns.panel, boxes.panel);
  const node = h("section.vk-open", { hidden: true, tabIndex: -1 }, h("div.vk-steps.vk-head", {}, title, round, star, drop),
    label, hint, words, versus, h("div.vk-steps", {}, back, on, count), see.panel, rest);
  const asked = () => (rest.open ? [...FIRST, ...LATER] : FIRST);
  rest.addEventListener("toggle", () => {
    at = clamp(at, 0, asked().length - 1);
    if (!rest.open) boxes.hide();
    ask();
  });
  for (const [edge, name] of [["start", "Start"], ["end", "End"]]) where.append(edgeRow(edge, name));

  function edgeRow(edge, name) {
    const time = h("span.vk-time", { "data-edge": edge });
    const button = (words, act) => h("button", { type: "button", "aria-label": `${name} ${words}`, onclick: act }, words);
    return h("div.vk-steps", {}, h("span", {}, `${name} `, time), button("earlier", () => nudge(edge, -1)), button("later", () => nudge(edge, 1)), button("here", () => here(edge)));
  }
  /** Move an edge by pictures; the film shows where it is now. */
  function nudge(edge, by) {
    const m = now();
    if (!m) return;
    video.pause();
    if (edge === "start") {
      const start = times().start(times().inside(m.start, by));
      if (start >= m.end) return;
      change({ start });
      player().go(start);
    } else {
      const last = times().inside(times().last(m.end), by), end = times().end(last);
      if (end <= m.start) return;
      change({ end });
      player().seek(last);
    }
  }
  /** Put an edge where the film stands. */
  function here(edge) {
    const m = now(), at = player().now();
    if (!m) return;
    const moved = edge === "start" ? { start: times().start(at) } : { end: times().end(at) };
    const { start, end } = { ...m, ...moved };
    if (start < end) change(moved);
    else say("The start lies before the end. Go to another picture.");
  }
  function ask() {
    const asks = asked()[at];
    put(label, asks.label);
    const own = asks.field === "why" ? question() : "";
    put(hint, own ? `Your question: ${own}` : asks.hint ?? "");
    hint.hidden = !hint.textContent;
    back.hidden = at === 0;
    on.hidden = at === asked().length - 1;
    put(count, `${at + 1} of ${asked().length}`);
    words.dataset.field = asks.field;
    fill(true);
  }
  function fill(anew) {
    const value = now()?.[asked()[at].field] ?? "";
    if ((anew || document.activeElement !== words) && words.value !== value) words.value = value;
    conflict();
  }
  function conflict() {
    const found = open && kept.dispute(open);
    versus.hidden = !found;
    const shown = JSON.stringify(found);
    if (!found || versus.dataset.shown === shown) return;
    versus.dataset.shown = shown;
    const label = [...FIRST, ...LATER].find(({ field }) => field === found.field)?.label;
    const choose = (value) => () => {
      kept.resolve(open, found.field, value);
      if (asked()[at].field === found.field) words.value = value ?? "";
    };
    versus.replaceChildren(h("p", {}, `${label} You have written:`), h("p.vk-own", { dir: "auto" }, found.mine ?? "Nothing"), h("p", {}, "Another window has:"), h("p.vk-own", { dir: "auto" }, found.theirs ?? "Nothing"),
      h("button", { type: "button", onclick: choose(found.mine) }, "Keep mine"), h("button", { type: "button", onclick: choose(found.theirs) }, "Keep the other"));
  }
  function step(to) {
    settle();
    at = clamp(to, 0, asked().length - 1);
    ask();
    words.focus();
  }
  /** What was typed is one step for undo. */
  function settle() {
    if (typing) kept.typed(typing.id, typing.field, typing.before);
    typing = null;
  }
  words.addEventListener("input", () => {
    const field = asked()[at].field;
    typing ??= { id: open, field, before: now()?.[field] ?? null };
    paused();
    kept.type(open, field, words.value);
  });
  words.addEventListener("blur", settle);
  words.addEventListener("keydown", (e) => {
    if (e.key !== "Enter" || e.shiftKey || e.isComposing) return;
    e.preventDefault();
    settle();
    if (!goOn()) (on.hidden ? video.focus() : step(at + 1));
  });
  function remove() {
    const inside = node.contains(document.activeElement);
    settle();
    kept.remove(open);
    say("Deleted. Undo brings it back.");
    if (inside) video.focus();
  }
  return {
    node, see, boxes, nudge, here, remove,
    change,
    now,
    get id() {
      return open;
    },
    show(moment) {
      settle();
      if (open === moment) return;
      open = moment;
      see.leave();
      const first = FIRST.findIndex(({ field }) => !now()?.[field]);
      at = Math.max(first, 0);
      ask();
      this.refresh();
    },
    refresh() {
      const m = now();
      node.hidden = !m;
      if (!m) return boxes.hide();
      node.setAttribute("aria-label", `The moment ${span(m)}`);
      put(title, span(m));
      star.set(m.joy);
      for (const time of where.querySelectorAll("[data-edge]")) put(time, clock(m[time.dataset.edge], 3));
      fill(false);
      see.refresh();
      turns.refresh();
      return boxes.refresh();
    },
    looping: round.set,
    write: () => (node.hidden ? null : words.focus()),
  };
}

/** What a person has chosen for their own hands; no word of anybody. */
function handSettings() {
  const chosen = { shift: 0.2, some: 10 };
  try {
    Object.assign(chosen, JSON.parse(localStorage.getItem("vigkit:marking") ?? "{}"));
  } catch { /* a browser that keeps nothing */ }
  return {
    chosen,
    set(name, value) {
      chosen[name] = value;
      try {
        localStorage.setItem("vigkit:marking", JSON.stringify(chosen));
      } catch { /* the same */ }
    },
  };
}

/** The film's own buttons, and those behind "More ways to watch". */
function controls({ id, act, settings, zoom }) {
  const play = h("button", { type: "button", vk: "play", onclick: () => act("play") }, "Play");
  const mark = h("button.vk-main.vk-mark", { type: "button", vk: "mark" }, "Hold B: better than usual");
  const quiet = toggle("Sound off", () => act("mute"));
  const rate = h("select", { id: `${id}-speed`, onchange: (e) => act("speed", Number(e.target.value)) },
    ...SPEEDS.map((each) => h("option", { value: String(each), selected: each === 1 }, `${each}×`)));
  const speed = h("span.vk-field", {}, h("label", { for: rate.id }, "Speed"), rate);
  const time = h("span.vk-time", { vk: "time" }, "0:00");
  const help = h("button.vk-link", { type: "button", onclick: () => act("help") }, "All keys (?)");
  const button = (words, name) => h("button", { type: "button", onclick: () => act(name) }, words);
  const loop = toggle("Loop the moment", () => act("loop"));
  const number = (name, label, step) => {
    const field = h("input", { type: "number", id: `${id}-${name}`, min: "0", step, value: String(settings.chosen[name]), onchange: (e) => settings.set(name, Math.max(0, Number(e.target.value) || 0)) });
    return h("div", {}, h("label", { for: field.id }, label), field);
  };
  const close = h("select", { id: `${id}-zoom`, onchange: (e) => zoom(Number(e.target.value)) },
    ...[[0, "The whole film"], [120, "2 minutes"], [30, "30 seconds"]].map(([value, words]) => h("option", { value: String(value) }, words)));
  const more = drawer("More ways to watch",
    h("div.vk-steps", {}, button("One picture back", "back"), button("One picture on", "on"), button("Some pictures back", "backs"), button("Some pictures on", "ons")),
    h("div.vk-steps", {}, button("Previous moment", "previous"), button("Next moment", "next"), loop, button("Full screen", "full")),
    h("div.vk-steps", {}, button("In: start with this picture", "in"), button("Out: end with this picture", "out")),
    h("div.vk-pair", {}, h("div", {}, h("label", { for: close.id }, "The timeline shows"), close),
      number("shift", "Your reaction time, in seconds", "0.1"), number("some", "Some pictures are", "1")),
    h("p.vk-hint", {}, "A key comes a little late: the start is moved back by your reaction time"));
  return {
    row: h("div.vk-steps.vk-row", {}, mark, play, time, h("span.vk-push"), quiet, speed), more: h("div.vk-ways", {}, more, help), mark, play, quiet, rate, time, loop,
  };
}

/** Hold to mark: by key, by pointer, or by the button's own keys. */
function holder({ begin, end, cancel, button, says }) {
  let held = null;
  const show = () => {
    put(button, held ? "Let go when it ends" : says);
    button.classList.toggle("vk-held", Boolean(held));
  };
  const up = (e) => {
    // of another key, or of a part of the page that has lost the focus
    if (e.type === "keyup" ? held?.key !== e.code : e.target !== window) return;
    finish(end, e);
  };
  function finish(act, e) {
    if (!held) return;
    const lasted = e ? e.timeStamp - held.since : 0; // not when a busy page gets to hear of it
    held = null;
    for (const kind of ["keyup", "blur"]) window.removeEventListener(kind, up, true);
    show();
    act(lasted);
  }
  function down(key, since) {
    if (held || !begin()) return;
    held = { key, since };
    // the key may be let go anywhere
    for (const kind of ["keyup", "blur"]) window.addEventListener(kind, up, true);
    show();
  }
  button.addEventListener("pointerdown", (e) => {
    if (e.button) return;
    button.setPointerCapture(e.pointerId);
    down("pointer", e.timeStamp);
  });
  for (const kind of ["pointerup", "pointercancel"]) button.addEventListener(kind, (e) => held?.key === "pointer" && finish(end, e));
  button.addEventListener("keydown", (e) => {
    if (e.key !== " " && e.key !== "Enter") return;
    e.preventDefault();
    e.stopPropagation();
    if (!e.repeat) down(e.code, e.timeStamp);
  });
  // a screen reader or a voice clicks, and holds nothing
  button.addEventListener("click", (e) => {
    if (e.detail === 0 && !held && begin()) end(0);
  });
  return { down, leave: () => (held ? (finish(cancel), true) : false), get held() { return Boolean(held); } };
}

/** The name of a key as the card has it; letters of other alphabets count by their place. */
function keyName(e) {
  if (/^[^\x00-\x7f]$/.test(e.key) && /^Key[A-Z]$/.test(e.code)) return e.code.slice(3);
  const named = { " ": "Space", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc", Backspace: "Delete", "=": "+" };
  if (e.shiftKey) Object.assign(named, { ";": "<", ":": ">" }); // where they are on the keys of , and .
  const key = named[e.key] ?? (e.key.length === 1 ? e.key.toUpperCase() : e.key);
  return e.ctrlKey || e.metaKey ? `Ctrl ${e.shiftKey && key === "Z" ? "Y" : key}` : key;
}

function render({ model, el }) {
  const id = `vkm${++parts}`;
  const root = h("section.vk-annotate", { tabIndex: -1, "aria-label": "Your film and your moments" });
  const page = marking({ model, root, id });
  ownKeys(root);
  el.replaceChildren(root);
  page.load({ begins: true });
  return page.close;
}

/** The whole part: film, timeline, moments, questions. */
function marking({ model, root, id }) {
  const settings = handSettings();
  let told = null, film = null, source = null, trouble = null, open = null, begun = null, goesOn = false, closed = false;
  let list = null, hollow = new Set(), dirty = new Set(), soon = null;
  const video = h("video", { vk: "film", preload: "auto", tabIndex: 0, playsInline: true, "aria-label": "Your film. Space plays and pauses it." });
  const caption = h("div.vk-caption", { hidden: true, "aria-hidden": "true", dir: "auto" });
  const stage = h("div.vk-stage", {}, video, caption);
  const live = h("p.vk-unseen", { role: "status" }), news = h("p.vk-news", { vk: "news", role: "status", hidden: true });
  const lead = h("p.vk-lead"), work = h("div.vk-work", { hidden: true });
  const say = (words) => (live.textContent = words);
  let times = pictureTimes(0), looks = null;

  const wire = connect(model, {
    changed: () => settled(), conflict: (a, theirs) => kept.disagreed(a, theirs), stored: (reply) => kept.stored(reply), lost: (e, problem) => refused(e, problem),
  });
  const kept = keeper({ changed: (moment) => later(moment), foreign: () => notice("Another window has changed this cycle. What is here now is both."), say: (words) => notice(words), calm: () => (wire.problem = null) });
  const looked = player(video, () => times, { picture: (t) => seen(t), state: () => buttons(), jump: () => jumps() });
  const buttonsOf = controls({ id, act: (name, value) => act(name, value), settings, zoom: (length) => line.zoom(length) });
  const hold = holder({ button: buttonsOf.mark, says: buttonsOf.mark.textContent, begin: holds, end: (lasted) => holdEnds(lasted), cancel: () => ((begun = null), line.draw()) });
  const line = timeline({
    moments: () => moments(), hollow: () => hollow, open: () => open, player: () => looked, times: () => times, seconds: () => film?.seconds ?? 0, begun: () => growing(),
    onPick: (moment) => choose(moment, { look: true }), onMark: (m) => mark(m), onEdges: (moment, edges) => kept.change(moment, edges), onLook: (t, m) => lookAt(t, m),
  });
  const rows = momentList((moment) => choose(moment, { look: true }));
  const help = helpCard(() => levels());
  const bar = savedLine(() => ({ state: wire.state, problem: [...new Set([trouble?.sentence, wire.problem])].filter(Boolean).join(" ") || null, retry: Boolean(trouble && trouble.retry !== false), again }));
  const undo = h("button.vk-link", { type: "button", hidden: true, onclick: () => act("undo") }, "Undo");
  const redo = h("button.vk-link", { type: "button", hidden: true, onclick: () => act("redo") }, "Redo");
  const films = h("select", { id: `${id}-film`, onchange: (e) => show(e.target.value) });
  const choice = h("span.vk-field", { hidden: true }, h("label", { for: films.id }, "Film"), films);
  const sentence = h("p", { hidden: true }), body = h("div", { hidden: true });
  let card = null, top = null;
  const foot = [bar.problem, news, h("div.vk-foot", {}, bar.saved, undo, redo)];
  root.append(sentence, body, ...foot, live);

  const moments = () => (list ??= film ? kept.of(film.id) : []);
  const names = (principle) => told.principles.flatMap((l) => l.principles).find((p) => p.id === principle)?.label ?? principle;
  const levels = () => told.principles.filter((l) => l.level !== "review" || film?.kind === "shared-review");

  // --- What Python tells ---------------------------------------------------------------------------------

  async function load({ begins = false } = {}) {
    const fresh = await wire.load("annotate");
    if (closed) return;
    if (fresh.problem || fresh.say) return alone(fresh);
    told = fresh;
    sentence.hidden = true;
    body.hidden = false;
    if (!card) build();
    else if (!body.contains(bar.problem)) work.after(...foot);
    kept.begin(wire, fresh.record, fresh.moments);
    kept.recover();
    films.replaceChildren(...fresh.films.map((f) => h("option", { value: f.id }, f.label)));
    choice.hidden = fresh.films.length < 2;
    const same = fresh.films.find((f) => f.id === film?.id);
    if (same) film = same;
    else show(fresh.films[0].id);
    films.value = film.id;
    wire.start();
    repaint();
    if (begins && isFirst() && nowhere(document.activeElement)) toPart();
  }
  const isFirst = () => (root.closest(".jp-Notebook") ?? document).querySelector(".vk-cards, .vk-annotate") === root;
  /** Whether the keys are for nobody yet: a page that was started leaves them with the notebook. */
  const nowhere = (node) => !node || node === document.body || (!isText(node) && node.matches(".jp-Notebook, .jp-NotebookPanel, .jp-Cell, .jp-NotebookPanel-toolbar *"));
  /** The keys are for the film, and all that one marks with is to be seen. */
  function toPart() {
    const show = () => root.scrollIntoView({ block: "start" });
    video.focus({ preventScroll: true });
    show();
    // what comes below makes room for it
    video.addEventListener("loadeddata", () => document.activeElement === video && show(), { once: true });
  }
  /** Nothing to mark yet: a sentence with what to do first. */
  function alone({ problem, say: words, page }) {
    root.append(...foot);
    body.hidden = true;
    trouble = problem ?? null;
    sentence.hidden = !words;
    sentence.replaceChildren(words ?? "", " ", ...(page ? [h("a", { href: pageAddress(page) }, "Go there")] : []));
    bar.saved.hidden = true;
    bar.update();
  }
  function build() {
    card = momentCard({
      id, kept, film: () => film, question: () => told.question, player: () => looked, times: () => times, names, settings, say, stage, video, levels, told: () => told,
      goOn: () => onward(), paused: () => typingPauses(), loop: () => act("loop"),
    });
    const holds = h("div.vk-line", {}, line.canvas);
    top = h("div.vk-top", {}, stage, buttonsOf.row, holds, work, ...foot);
    body.append(choice, top, lead, card.node, rows.list, buttonsOf.more, help.card);
    line.watch(holds);
    bar.saved.hidden = false;
  }
  wire.on("changed", ({ record }) => {
    clearTimeout(soon); // while one types in another part of the page, each pause saves
    soon = setTimeout(() => (record[0] === "cycle" && told ? fresh() : load()), 300);
  });
  /** What others have changed; asked when this window is looked at again, and while a film is seen or heard. */
  async function fresh() {
    if (!told || closed || (document.hidden && video.paused)) return;
    const asked = source ? film.id : null;
    const reply = await wire.ask("news", { film: asked });
    if (reply.moments) {
      kept.stored(reply);
      if (source && trouble?.passing) clear();
    } else if (reply.problem && (!asked || asked === film.id)) stop({ ...reply.problem, passing: true });
  }
  const asking = setInterval(() => video.paused || fresh(), NEWS);
  window.addEventListener("focus", fresh);
  document.addEventListener("visibilitychange", fresh);
  wire.on("times", ({ film: of }, buffers) => {
    if (of !== film?.id) return;
    const b = buffers[0];
    times.give(new Float64Array((b.buffer ?? b).slice(b.byteOffset ?? 0, (b.byteOffset ?? 0) + b.byteLength)));
    root.dataset.exact = "true";
    line.draw("marks");
  });
  wire.on("strip", (message, buffers) => message.film === film?.id && !GONE.includes(trouble?.code) && line.strip(message, buffers));
  wire.on("working", ({ film: of, part, sentence: words }) => of === film?.id && working(part, words));
  /** What cannot be made is no matter while the film is there to be seen. */
  const matters = (problem) => problem && (GONE.includes(problem.code) || !video.videoWidth);
  wire.on("looked", ({ problem }) => {
    working(null);
    if (matters(problem)) stop(problem);
  });
  wire.on("playable", ({ film: of, reason, problem }) => {
    if (problem) {
      working(null);
      return matters(problem) && stop(problem);
    }
    return of === film?.id && reason && play("proxy");
  });
  function working(part, words) {
    work.hidden = part === null;
    if (part === null) return;
    if (!work.firstChild) work.append(h("span.vk-quiet"), h("progress", { max: 1, "aria-label": "How much is done" }));
    const [span, bar] = work.children;
    if (span.textContent !== words) span.textContent = words;
    bar.value = part;
  }

  // --- The film ------------------------------------------------------------------------------------------

  async function show(which) {
    film = told.films.find((f) => f.id === which);
    source = looks = trouble = null;
    times = pictureTimes(film.seconds);
    delete root.dataset.exact;
    list = null;
    if (open && kept.get(open)?.film !== which) choose(null);
    card.see.renew();
    line.ready();
    repaint();
    const reply = await wire.ask("film", { film: which });
    if (film.id !== which || closed) return;
    if (reply.problem) return stop(reply.problem);
    if (!reply.handle) return stop({ sentence: "Open this page with vigkit lab to see the film.", retry: false });
    looks = reply.handle;
    play(reply.proxy ? "proxy" : "film");
  }
  /** Show the film, or the copy of it; at the place where it was. */
  function play(which) {
    if (source === which || !looks) return;
    const at = source ? looked.now() : 0, going = source && !video.paused;
    source = which;
    video.src = new URL(`${baseUrl()}vigkit/film/${looks}/${film.id}${which === "proxy" ? "/proxy" : ""}`, location.href).href;
    video.hidden = false;
    if (at) looked.seek(times.exact ? times.inside(at) : at);
    if (going) looked.play();
    clear();
  }
  function clear() {
    trouble = null;
    bar.update();
  }
  function stop(problem) {
    trouble = problem;
    video.pause();
    if (GONE.includes(problem.code)) {
      video.removeAttribute("src"); // nothing of it stays on the screen
      video.load();
      source = null;
      line.ready();
      caption.hidden = true;
      put(caption, "");
    }
    bar.update();
  }
  /** Try once more what did not work. */
  function again() {
    if (wire.problem || wire.state === "unsaved") wire.again();
    if (trouble && told) show(film.id);
    else if (trouble) load();
  }
  async function unseen() {
    if (!source || closed) return;
    const [which, asked] = [film.id, source];
    const reply = await wire.ask("unplayable", { film: which, proxy: asked === "proxy" });
    if (reply.problem && film.id === which && source === asked) stop(reply.problem);
  }
  video.addEventListener("error", () => video.getAttribute("src") && unseen());
  video.addEventListener("loadedmetadata", () => video.videoWidth === 0 && unseen()); // sound and no picture: no error is told
  video.addEventListener("loadeddata", () => (buttons(), line.draw()));
  video.addEventListener("click", () => act("play"));
  function refused(e, problem) {
    if (problem.code === "consent-withdrawn") stop(problem);
    if (problem.code === "answered-elsewhere") queueMicrotask(fresh); // both edges were moved there, too
    return kept.lost(e, problem);
  }
  /** A picture has come. */
  function seen(t) {
    const under = moments().filter((m) => m.start - NEAR <= t && t < m.end - NEAR);
    const words = under.map((m) => m.better || (m.principles ?? []).map(names).join(", ") || "Better than usual").join(" · ");
    caption.hidden = !words;
    put(caption, words);
    put(buttonsOf.time, clock(t));
    root.dataset.at = t.toFixed(6);
    line.tell();
    line.draw();
    card?.boxes.boxes();
  }
  function buttons() {
    put(buttonsOf.play, video.paused ? "Play" : "Pause");
    buttonsOf.quiet.set(video.muted);
    if (document.activeElement !== buttonsOf.rate) buttonsOf.rate.value = String(video.playbackRate);
    if (!video.paused) goesOn = false;
    if (begun && !video.paused) begun.still = false;
    line.draw();
  }
  /** While one looks for a place on the timeline. */
  function lookAt(t, edges) {
    if (t === null) return;
    if (edges) {
      video.pause();
      put(buttonsOf.time, span(edges));
    }
    looked.go(t);
  }

  // --- Marking -------------------------------------------------------------------------------------------

  function holds() {
    if (!film || !source) return false;
    const from = times.at(looked.now()), still = video.paused;
    begun = { from, first: still ? from : from - settings.chosen.shift * video.playbackRate, still, until: null };
    line.draw();
    return true;
  }
  /** Where the film goes on elsewhere, the stretch has ended; where it stands still, one goes to its end. */
  function jumps() {
    if (begun && !begun.still) begun.until ??= times.at(looked.now());
  }
  const last = () => begun.until ?? times.at(looked.now());
  const growing = () => begun && { start: times.start(Math.max(0, Math.min(begun.first, last()))), end: times.end(Math.max(begun.from, last())) };
  function holdEnds(lasted) {
    const { from, still } = begun, tapped = still ? Math.abs(last() - from) <= NEAR : lasted < SHORT;
    const made = tapped ? { start: times.start(Math.max(0, from - TAPPED)), end: times.end(Math.min(from + TAPPED, film.seconds)) } : growing();
    begun = null;
    mark(made);
  }
  function mark({ start, end }) {
    if (!(start < end)) return;
    news.hidden = true;
    const made = kept.add({ film: film.id, start, end });
    choose(made);
    say(`Marked ${span({ start, end })}`);
  }
  let inAt = null;
  function inOut(name) {
    const at = looked.now();
    if (name === "in") {
      inAt = times.start(at);
      lead.hidden = false;
      lead.textContent = `It starts at ${clock(inAt)}. Press O where it ends.`;
      return say(lead.textContent);
    }
    const end = times.end(at);
    if (inAt === null || end <= inAt) return say("Press I where it starts, and O where it ends.");
    const start = inAt;
    inAt = null;
    return mark({ start, end });
  }
  function choose(moment, { look = false } = {}) {
    const before = open;
    open = moment;
    card.show(moment);
    if (looked.loop) looked.loop = moment ? kept.get(moment) : null;
    if (look && moment) looked.go(kept.get(moment).start);
    for (const each of [before, moment]) if (each) later(each);
  }
  /** Typing pauses the film, and Enter lets it go on. */
  function typingPauses() {
    if (video.paused) return;
    video.pause();
    goesOn = true;
  }
  function onward() {
    wire.flush();
    if (!goesOn) return false;
    goesOn = false;
    video.focus({ preventScroll: true });
    looked.play();
    return true;
  }
  function jump(way) {
    const at = looked.now(), m = open && kept.get(open);
    const from = m && at >= m.start - NEAR && at < m.end ? m.start : at;
    const found = way > 0 ? moments().find((each) => each.start > from + NEAR) : moments().findLast((each) => each.start < from - NEAR);
    if (!found) return say(way > 0 ? "There is no later moment." : "There is no earlier moment.");
    choose(found.id, { look: true });
    return say(span(found));
  }
  function turnBack(name) {
    const op = kept[name]();
    if (!op) return;
    const m = kept.get(op.id);
    if (m) choose(m.film === film.id ? op.id : open);
    else if (open === op.id) choose(null);
    say(name === "undo" ? "Undone" : "Done again");
  }
  /** The questions are beside the film, and not to be seen on a full screen. */
  function windowed() {
    if (document.fullscreenElement) document.exitFullscreen();
  }
  function full() {
    if (document.fullscreenElement) document.exitFullscreen();
    else top.requestFullscreen?.().catch(() => {});
  }
  function round() {
    const on = !looked.loop && open;
    looked.loop = on ? kept.get(open) : null;
    if (on) looked.play();
    else if (!open) say("Mark a moment first, or choose one.");
    list = null;
    repaint();
  }
  function leave() {
    if (hold.leave() || card.see.leave()) return;
    if (inAt !== null) {
      inAt = null;
      repaint();
    }
  }
  const nudge = (edge, way, e) => card.nudge(edge, way * (e?.shiftKey ? settings.chosen.some : 1));
  const ACTS = {
    play: () => looked.turn(), slower: () => looked.speed("-"), faster: () => looked.speed("+"), speed: (value) => looked.speed(value), mute: () => (video.muted = !video.muted),
    loop: round, full, left: () => looked.go(Math.max(0, looked.now() - JUMP)), right: () => looked.go(Math.min(looked.now() + JUMP, film.seconds)),
    back: () => looked.step(-1), on: () => looked.step(1), backs: () => looked.step(-settings.chosen.some), ons: () => looked.step(settings.chosen.some),
    previous: () => jump(-1), next: () => jump(1), home: () => looked.go(0), end: () => looked.go(film.seconds), in: () => inOut("in"), out: () => inOut("out"),
    "start-": (e) => nudge("start", -1, e), "start+": (e) => nudge("start", 1, e), "end-": (e) => nudge("end", -1, e), "end+": (e) => nudge("end", 1, e),
    start: () => card.here("start"), finish: () => card.here("end"), write: () => (windowed(), card.write()), joy: () => card.now() && card.change({ joy: card.now().joy ? null : true }),
    remove: () => card.now() && card.remove(), undo: () => turnBack("undo"), redo: () => turnBack("redo"), help: () => help.show(), leave,
  };
  function act(name, value) {
    if (film || name === "help") ACTS[name](value);
  }

  // --- Keys ----------------------------------------------------------------------------------------------

  const byKey = new Map(KEYS.flatMap(([, keys]) => keys.filter(([, , name]) => name).map(([key, , name]) => [key, name])));
  const isText = (node) => node.matches("textarea, input:not([type=checkbox], [type=radio], [type=range]), [contenteditable=true]");
  /** Whether a control that has the focus needs this key for itself. */
  function itsOwn(node, key) {
    if (node.matches("select")) return ["Space", "Enter", "←", "→", "Home", "End"].includes(key) || key.startsWith("Arrow");
    if (node.matches("button, summary, a, input")) return key === "Space" || key === "Enter";
    return false;
  }
  root.addEventListener("keydown", (e) => {
    const key = keyName(e);
    if (help.card.open) return void (key === "?" && help.card.close());
    if (isText(e.target)) {
      if (key === "Esc") e.target === document.activeElement && video.focus();
      return undefined;
    }
    if (e.altKey || body.hidden || itsOwn(e.target, key)) return undefined;
    if (/^[0-9]$/.test(key)) {
      e.preventDefault();
      windowed();
      return card.see.key(Number(key));
    }
    const name = byKey.get(key);
    if (!name) return undefined;
    e.preventDefault();
    if (name === "hold") return e.repeat ? undefined : hold.down(e.code, e.timeStamp);
    return act(name, e);
  });
  let byPointer = false;
  root.addEventListener("pointerdown", () => (byPointer = true), true);
  root.addEventListener("keydown", () => (byPointer = false), true);
  // after a click the keys are for the film again: Space plays, and does not press the same button once more
  const toFilm = (e) => {
    const pressed = e.target.closest?.("button, summary, select");
    if (byPointer && pressed && document.activeElement === pressed && !help.card.open && !pressed.matches(".vk-face")) video.focus({ preventScroll: true });
  };
  root.addEventListener("click", (e) => !e.target.closest("select") && toFilm(e));
  root.addEventListener("change", toFilm);

  // --- What is seen --------------------------------------------------------------------------------------

  function notice(words) {
    news.textContent = words;
    news.hidden = false;
  }
  function later(moment) {
    list = null;
    if (!dirty.size) queueMicrotask(repaint);
    dirty.add(moment);
  }
  function settled() {
    bar.update();
    const waits = kept.waiting(), before = hollow;
    hollow = waits;
    for (const moment of new Set([...waits, ...before])) if (waits.has(moment) !== before.has(moment)) later(moment);
  }
  function repaint() {
    const only = dirty;
    dirty = new Set();
    list = null;
    if (!film || closed) return;
    if (open && !kept.get(open)) {
      open = null;
      card.show(null);
    }
    rows.show(moments(), (m) => ({ chosen: m.id === open, hollow: hollow.has(m.id), names }), only.size ? only : null);
    if (looked.loop) looked.loop = open ? kept.get(open) : null;
    card.refresh();
    card.looping(looked.loop);
    buttonsOf.loop.set(looked.loop);
    undo.hidden = !kept.ways.undo;
    redo.hidden = !kept.ways.redo;
    guide();
    line.draw("marks");
  }
  /** One line that says what to do now. */
  function guide() {
    if (inAt !== null) return;
    lead.hidden = moments().length > 0;
    put(lead, "Hold the key B while something goes better than usual. Let go when it ends.");
  }
  return {
    load,
    close() {
      closed = true;
      clearTimeout(soon);
      clearInterval(asking);
      window.removeEventListener("focus", fresh);
      document.removeEventListener("visibilitychange", fresh);
      hold.leave();
      line.close();
      wire.close();
      video.pause();
      video.removeAttribute("src"); // else the film's file stays open
      video.load();
    },
  };
}

/** The address of another page of this casebook, in the same kind of window. */
function pageAddress(name) {
  const here = decodeURIComponent(location.pathname);
  return /[^/]*\.ipynb$/.test(here) ? encodeURI(here.replace(/[^/]*\.ipynb$/, name)) : name;
}

export default { render };
