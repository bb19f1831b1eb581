// Cards: one question or one action at a time, with native and labelled inputs. See cards.py for what an ask is.

const FOCUSABLE = "button, a, input, textarea, select, summary, video, iframe";
let cards = 0; // for ids that are the only ones on the page

/** The address of another page of this casebook, in the same kind of window. */
function pageHref(name) {
  const here = decodeURIComponent(location.pathname);
  return /[^/]*\.ipynb$/.test(here) ? encodeURI(here.replace(/[^/]*\.ipynb$/, name)) : name;
}

function render({ model, el }) {
  const root = h("section.vk-cards");
  const id = `vk${++cards}`;
  let deck = { asks: [] }, at = 0, ready = false, latest = "", later = null, soon = null;
  const clips = [];
  let bar = null;
  const wire = connect(model, { changed: () => bar?.update(), conflict: disagree });
  bar = savedLine(() => wire);
  const stage = h("div.vk-stage");
  root.append(stage, bar.problem, bar.saved);
  ownKeys(root);
  el.replaceChildren(root);

  const asks = () => deck.asks;
  /** All asks, those in groups too. */
  const flat = (list) => list.flatMap((ask) => [ask, ...flat(ask.asks ?? [])]);
  const answers = (list) => flat(list).some((ask) => ask.path || ask.kind === "order");
  const one = () => deck.mode !== "all";

  /** Take in what Python tells, and keep what is being typed. */
  async function load(keepFocus = true) {
    const told = await wire.load(model.get("part"));
    if (ready && wire.waiting()) return void soonAgain(); // it was told before what waits here is saved
    if (told.problem) {
      wire.problem = told.problem.sentence;
      bar.update();
      stage.replaceChildren();
      return;
    }
    const text = JSON.stringify(told.deck);
    const news = text !== latest;
    latest = text;
    if (ready && news && keepFocus && isTyping()) later = told.deck; // it is taken in when the field is left
    else if (news || !ready) take(told.deck);
    wire.start();
  }

  const isTyping = () => root.contains(document.activeElement) && /INPUT|TEXTAREA|SELECT/.test(document.activeElement.tagName);
  root.addEventListener("focusout", () => setTimeout(() => later && !isTyping() && take(later)));

  function take(fresh) {
    later = null;
    const here = asks()[at]?.id;
    deck = fresh;
    for (const ask of flat(asks())) {
      ask.known = ask.value ?? null;
      const waits = ask.path && wire.unsaved(ask.record, ask.path);
      if (waits !== undefined) ask.value = waits;
    }
    const found = asks().findIndex((ask) => ask.id === here);
    at = Math.max(0, found >= 0 ? found : Math.min(at, asks().length - 1));
    const spot = focused();
    show(false);
    spot?.();
    ready = true;
    bar.saved.hidden = !answers(asks());
    root.dataset.ready = "true";
  }

  /** Where the focus is, as a way to put it back when the cards are made anew. */
  function focused() {
    const here = document.activeElement;
    if (!stage.contains(here)) return null;
    const box = here.closest("[data-id], [data-ask], .vk-steps");
    const name = ["data-id", "data-ask"].find((each) => box?.hasAttribute(each));
    const way = name ? `[${name}="${CSS.escape(box.getAttribute(name))}"]` : ".vk-stage > .vk-steps";
    const n = [...(box?.querySelectorAll(FOCUSABLE) ?? [])].indexOf(here);
    return () => root.querySelector(way)?.querySelectorAll(FOCUSABLE)[n]?.focus({ preventScroll: true });
  }

  function disagree(answer, theirs) {
    const ask = flat(asks()).find((each) => same(each.path, answer.path));
    if (!ask) return false;
    if (ask.conflict && same(ask.conflict, { mine: answer.value, theirs })) return true;
    ask.conflict = { mine: answer.value, theirs };
    ask.known = theirs;
    ask.value = answer.value;
    show(true);
    return true;
  }

  /** Write what a field holds: while one types it waits for a pause, a choice is written at once. */
  function write(ask, value, { now = false } = {}) {
    value = value === "" ? null : value;
    if (same(value, ask.value) && !now) return;
    ask.value = value;
    if (ask.conflict) ask.conflict.mine = value;
    // in dispute, it does not know the other answer until a person has chosen
    const answers = [{ path: ask.path, value, known: ask.conflict ? [] : [ask.known ?? null] }];
    const written = now ? wire.answer(ask.record, answers) : wire.draft(ask.record, answers[0]);
    written.then((reply) => {
      if (!reply.problem) ask.known = reply.stored[0] ?? null;
      if (!reply.problem && ask.reload) load();
    });
  }

  function show(focus) {
    clips.splice(0).forEach((stop) => stop());
    const shown = one() ? asks().slice(at, at + 1) : asks();
    const parts = shown.map((ask) => card(ask));
    if (one() && asks().length > 1) parts.push(steps());
    stage.replaceChildren(...parts);
    if (focus) (stage.querySelector("textarea, input, button.vk-main, a.vk-main, video") ?? stage.querySelector("button"))?.focus();
  }

  function go(to) {
    wire.flush();
    at = Math.max(0, Math.min(to, asks().length - 1));
    show(true);
  }

  function steps() {
    const last = at === asks().length - 1;
    const main = asks()[at].kind !== "action" && asks()[at].kind !== "links";
    return h("div.vk-steps", {},
      h("button", { type: "button", onclick: () => go(at - 1), hidden: at === 0 }, "Back"),
      h(main ? "button.vk-main" : "button", { type: "button", onclick: () => go(at + 1), hidden: last, vk: "continue" }, "Continue"),
      h("span.vk-quiet", {}, `${at + 1} of ${asks().length}`));
  }

  function card(ask) {
    const field = FIELDS[ask.kind](ask, `${id}-${ask.id}`);
    const made = h("div.vk-card", { "data-ask": ask.id, vk: ask.card }, field);
    if (ask.conflict) made.append(choice(ask));
    if (ask.change) made.append(h("a.vk-link", { href: pageHref(ask.change) }, "Change", h("span.vk-unseen", {}, ` ${ask.label}`)));
    return made;
  }

  function choice(ask) {
    const take = (which) => () => {
      const value = ask.conflict[which];
      delete ask.conflict;
      ask.value = undefined;
      wire.problem = null;
      write(ask, value, { now: true });
      ask.value = value;
      show(true);
    };
    const { theirs } = ask.conflict;
    return h("div.vk-conflict", {},
      h("p", {}, "Another window has written here:"), h("p.vk-own", {}, String(theirs ?? "Not answered yet")),
      h("div.vk-steps", {},
        h("button", { type: "button", onclick: take("mine") }, "Keep what I wrote"),
        h("button", { type: "button", onclick: take("theirs") }, "Take the other")));
  }

  /** Label above the field, hint below the label; what describes the field is read with it. */
  function labelled(ask, key, field) {
    const hint = ask.hint ? h("p.vk-hint", { id: `${key}-hint` }, ask.hint) : null;
    if (hint) field.setAttribute("aria-describedby", hint.id);
    field.id = key;
    const words = ask.optional ? `${ask.label} (optional)` : ask.label;
    return [h("label.vk-label", { for: key }, words), hint, field, before(ask), care(ask)];
  }
  function grouped(ask, key, ...fields) {
    const hint = ask.hint ? h("p.vk-hint", { id: `${key}-hint` }, ask.hint) : null;
    const words = ask.optional ? `${ask.label} (optional)` : ask.label;
    return [h("fieldset", { id: key, "aria-describedby": hint?.id }, h("legend.vk-label", {}, words), hint, ...fields), before(ask), care(ask)];
  }
  const before = (ask) =>
    ask.before?.length ? h("details", {}, h("summary", {}, ask.before_label ?? "Before that"), ...ask.before.map((b) => h("p.vk-own", {}, b))) : null;
  const care = (ask) => (ask.why ? h("details", {}, h("summary", {}, "Why we ask"), h("p", {}, ask.why)) : null);

  function typed(ask, key, field) {
    field.value = ask.value ?? "";
    if (ask.vk) field.dataset.vk = ask.vk;
    field.addEventListener("input", () => write(ask, field.value));
    field.addEventListener("change", () => wire.flush());
    field.addEventListener("blur", () => wire.flush());
    return labelled(ask, key, field);
  }
  const said = (ask) => [
    ask.label ? h("h3", {}, ask.label) : null,
    ...(ask.words ?? []).map((each) => h("p", {}, each)),
    ask.own ? h("p.vk-own", {}, ask.own) : null,
    ask.list ? h("ul", {}, ...ask.list.map((each) => h("li", {}, each))) : null,
  ];
  const link = ({ page, href, label, hint, vk, main, target }) =>
    h("p", {}, h(main ? "a.vk-main" : "a", { href: page ? pageHref(page) : href, vk, target }, label), hint ? h("span.vk-quiet", {}, ` ${hint}`) : null);

  const FIELDS = {
    text: (ask, key) => typed(ask, key, h("textarea", { rows: String(ask.rows ?? 4) })),
    line: (ask, key) => {
      const field = h("input", { type: "text", autocomplete: "off" });
      field.addEventListener("keydown", (e) => e.key === "Enter" && !e.isComposing && one() && go(at + 1));
      return typed(ask, key, field);
    },
    lines: (ask, key) => {
      const field = h("textarea", { rows: String(ask.rows ?? 2) });
      field.value = (ask.value ?? []).join("\n");
      const value = () => {
        const found = field.value.split(/\n|,/).map((each) => each.trim()).filter(Boolean);
        return found.length ? found : null;
      };
      field.addEventListener("input", () => write(ask, value()));
      field.addEventListener("change", () => wire.flush());
      return labelled(ask, key, field);
    },
    day: (ask, key) => typed(ask, key, h("input", { type: "date" })),
    scale: (ask, key) => {
      const marks = [...Array(11).keys()].map((n) =>
        h("label.vk-point", {}, h("input", { type: "radio", name: key, value: String(n), checked: ask.value === n,
          vk: ask.vk, onchange: () => write(ask, n, { now: true }) }), h("span", {}, String(n))));
      const ends = ask.ends ? h("div.vk-ends", {}, h("span", {}, ask.ends[0]), h("span", {}, ask.ends[1])) : null;
      return grouped(ask, key, h("div.vk-scale", {}, ...marks), ends);
    },
    choice: (ask, key) => grouped(ask, key, ...ask.options.map((o, n) =>
      h("label.vk-option", {}, h("input", { type: "radio", name: key, value: String(n), checked: same(ask.value, o.value),
        onchange: () => write(ask, o.value, { now: true }) }), h("span", {}, o.label, o.hint ? h("span.vk-hint", {}, o.hint) : null)))),
    checks: (ask, key) => grouped(ask, key, ...ask.options.map((o) =>
      h("label.vk-option", {}, h("input", { type: "checkbox", value: o.value, checked: (ask.value ?? []).includes(o.value),
        onchange: (e) => {
          const chosen = new Set(ask.value ?? []);
          e.target.checked ? chosen.add(o.value) : chosen.delete(o.value);
          const order = ask.options.map((each) => each.value);
          const value = [...order.filter((v) => chosen.has(v)), ...[...chosen].filter((v) => !order.includes(v))];
          write(ask, value.length ? value : null, { now: true });
        } }), h("span", {}, o.label, o.hint ? h("span.vk-hint", {}, o.hint) : null)))),
    // yes or no, stored as true or nothing
    tick: (ask) => [h("label.vk-option", {}, h("input", { type: "checkbox", checked: ask.value === (ask.set ?? true), vk: ask.vk,
      onchange: (e) => write(ask, e.target.checked ? (ask.set ?? true) : null, { now: true }) }),
      h("span", {}, ask.label, ask.hint ? h("span.vk-hint", {}, ask.hint) : null)), care(ask)],
    say: said,
    links: (ask) => [...said(ask), ...ask.links.map(link)],
    /** A button that does something in Python; fields beside it go along, and are kept nowhere. */
    action: (ask, key) => {
      const given = { ...ask.given };
      const fields = (ask.fields ?? []).map((f) => {
        const field = f.kind === "checks"
          ? h("fieldset", {}, h("legend.vk-label", {}, f.label), f.hint ? h("p.vk-hint", {}, f.hint) : null, ...f.options.map((o) =>
            h("label.vk-option", {}, h("input", { type: "checkbox", value: o.value, checked: (f.value ?? []).includes(o.value), "data-name": f.name }), h("span", {}, o.label))))
          : f.kind === "select"
            ? h("select", { "data-name": f.name }, ...f.options.map((o) => h("option", { value: o.value, selected: o.value === f.value }, o.label)))
            : h("input", { type: f.type ?? "text", autocomplete: "off", "data-name": f.name });
        if (f.kind === "checks") return field;
        field.id = `${key}-${f.name}`;
        field.value = f.value ?? "";
        return h("div", {}, h("label.vk-label", { for: field.id }, f.label), f.hint ? h("p.vk-hint", {}, f.hint) : null, field);
      });
      const result = h("p", { role: "status" });
      const button = h(ask.quiet ? "button" : "button.vk-main", { type: "button", vk: ask.vk, onclick: async () => {
        for (const field of made.querySelectorAll("[data-name]")) {
          const name = field.dataset.name;
          if (field.type === "checkbox") given[name] = [...(given[name] ?? []).filter((v) => v !== field.value), ...(field.checked ? [field.value] : [])];
          else given[name] = field.value;
        }
        wire.flush();
        button.disabled = true;
        result.textContent = ask.working ?? "";
        const first = ask.before ? await ask.before(given) : {};
        if (first.problem) {
          button.disabled = false;
          result.textContent = "";
          wire.problem = first.problem.sentence;
          return bar.update();
        }
        let reply = await wire.ask("do", { name: ask.name, given });
        if (reply.wait) reply = await new Promise((done) => (wire.done = done)); // it takes longer than one waits for an answer
        button.disabled = false;
        result.textContent = reply.say ?? "";
        wire.problem = reply.problem?.sentence ?? null;
        bar.update();
        if (reply.problem) return;
        if (reply.go) location.assign(pageHref(reply.go));
        if (reply.reload !== false) await load(false);
        const card = asks().findIndex((each) => each.id === reply.at);
        if (card >= 0) go(card);
        else if (reply.say) stage.querySelector(`[data-ask="${ask.id}"] [role=status]`)?.replaceChildren(reply.say); // the cards may be new
      } }, ask.button ?? ask.label);
      const made = h("div", {}, ...said(ask.button ? ask : {}), ...fields, button, result);
      return [made];
    },
    /** A page that is shown and cannot do anything. */
    frame: (ask) => [...said({ ...ask, label: null }), h("iframe.vk-frame", { sandbox: "", srcdoc: ask.html, title: ask.label, height: String(ask.height ?? 480) })],
    /** A page that opens in a window of its own, to read or to print. */
    paper: (ask) => [...said(ask), h("button", { type: "button", vk: ask.vk, onclick: () => {
      const page = URL.createObjectURL(new Blob([ask.html], { type: "text/html" }));
      window.open(page, "_blank", "noopener");
    } }, ask.button)],
    /** A film of this computer: the browser hands it to the server on this machine, piece by piece. */
    bring: (ask, key) => {
      const file = h("input", { type: "file", accept: "video/*,.mkv,.mts,.m2ts,.avi,.3gp", id: `${key}-file`, vk: "bring" });
      const progress = h("progress", { max: "1", value: "0", hidden: true, "aria-label": "How much of the film is copied" });
      const [form] = FIELDS.action({ ...ask, kind: "action", label: null, words: null, before: async (given) => {
        if (!file.files.length) return { problem: { sentence: "Choose a film first." } };
        if (!ask.handle) return { problem: { sentence: "Open this page with vigkit lab to bring a film." } };
        progress.hidden = false;
        const told = await carry(file.files[0], ask.handle, (part) => (progress.value = part));
        progress.hidden = true;
        if (told.problem) return told;
        given.brought = told.brought;
        return {};
      } }, key);
      return [...said(ask), h("label.vk-label", { for: file.id }, "Choose the film"), h("p.vk-hint", {}, "A film from a phone is taken as it is"), file, progress, form];
    },
    order: (ask) => order(ask),
    "film-maker": (ask, key) => filmMaker(ask, key),
    clip: (ask, key) => {
      const made = clip(ask, key);
      clips.push(made.stop);
      return [...said(ask), made.node];
    },
    /** A picture that Python has drawn; its words stand beside it. */
    figure: (ask) => {
      const box = h("div.vk-figure");
      box.innerHTML = ask.svg;
      return [...said(ask), box];
    },
    image: (ask) => [...said(ask), h("img.vk-still", { src: ask.src, alt: ask.alt })],
    table: (ask) => [...said({ ...ask, label: null }), h("table", {}, h("caption", {}, ask.label),
      h("thead", {}, h("tr", {}, ...ask.head.map((each) => h("th", { scope: "col" }, each)))),
      h("tbody", {}, ...ask.rows.map(([first, ...rest]) => h("tr", {}, h("th", { scope: "row" }, first), ...rest.map((each) => h("td", {}, each))))))],
    group: (ask, key) => [...said(ask), ...(ask.asks ?? []).map((each) => card(each)).filter(Boolean)],
    /** Asks side by side where there is room, and below each other where not. */
    pair: (ask) => {
      const sides = (ask.asks ?? []).map((each) => card(each));
      sides.forEach((side) => (side.style.flex = "1 1 17rem"));
      const row = h("div", {}, ...sides);
      Object.assign(row.style, { display: "flex", flexWrap: "wrap", columnGap: "2rem" });
      return [...said(ask), row];
    },
    /** An action that needs 3-D: where this browser shows none, a sentence stands in its place. */
    webgl: (ask, key) => {
      let paper = null;
      try {
        paper = document.createElement("canvas").getContext("webgl");
      } catch { /* a browser that forbids it */ }
      paper?.getExtension("WEBGL_lose_context")?.loseContext();
      return paper ? FIELDS.action(ask, key) : [h("p", { vk: "no-webgl" }, ask.missing)];
    },
    summary: (ask) => [h("h3", {}, ask.label), ...(ask.answers?.length ? ask.answers : [null]).map((each) => h("p.vk-own", {}, each ?? "Not answered yet"))],
  };

  /** Which moments are shown, and in which order: a picture, the words, a tick, and two buttons to move it. */
  function order(ask) {
    const moments = [...ask.moments].sort((a, b) => (a.chosen || 1e9) - (b.chosen || 1e9) || a.start - b.start);
    const list = h("ol.vk-order");
    const chosen = () => moments.filter((m) => m.chosen);
    const save = (focus) => {
      const answers = [];
      chosen().forEach((m, n) => (m.next = n + 1));
      for (const m of moments) {
        const next = m.chosen ? m.next : null;
        if (next !== (m.stored ?? null)) answers.push({ path: ["moments", m.id, "chosen"], value: next, known: [m.stored ?? null] });
        m.chosen = m.stored = next;
      }
      if (answers.length) wire.answer(ask.record, answers).then(soonAgain);
      draw();
      focus && list.querySelector(focus)?.focus();
    };
    const move = (m, by) => {
      const from = moments.indexOf(m), to = from + by;
      moments.splice(from, 1);
      moments.splice(to, 0, m);
      save(`[data-id="${m.id}"] [data-by="${by}"]:not(:disabled), [data-id="${m.id}"] button:not(:disabled)`);
    };
    const draw = () => {
      moments.sort((a, b) => Boolean(b.chosen) - Boolean(a.chosen));
      list.replaceChildren(...moments.map((m, n) => {
        const title = `${clock(m.start)} to ${clock(m.end)}`;
        const button = (by, words) => h("button", { type: "button", "data-by": String(by), "aria-label": `${words}: ${title}`,
          disabled: !moments[n + by]?.chosen, onclick: () => move(m, by) }, words);
        return h("li", { "data-id": m.id },
          m.still ? h("img.vk-small", { src: m.still, alt: "" }) : h("p.vk-quiet", {}, m.why_not ?? ""),
          h("div", {}, h("label.vk-option", {}, h("input", { type: "checkbox", checked: Boolean(m.chosen), onchange: (e) => {
            m.chosen = e.target.checked ? moments.length + 1 : null;
            save(`[data-id="${m.id}"] input`);
          } }), h("span", {}, `Show ${title}`)), m.words ? h("p.vk-own", { dir: "auto" }, m.words) : null,
          m.chosen ? h("div.vk-steps", {}, button(-1, "Earlier"), button(1, "Later")) : null));
      }));
    };
    moments.forEach((m) => (m.stored = m.chosen));
    draw();
    return [h("h3", {}, ask.label), h("p.vk-hint", {}, ask.hint), list];
  }

  /** The short film: for whom, what is hidden, a look at it first, then the film itself. */
  function filmMaker(ask, key) {
    const pick = (name, label, options) => {
      const field = h("select", { id: `${key}-${name}`, "data-name": name }, ...options.map((o) => h("option", { value: o.value }, o.label)));
      return h("div", {}, h("label.vk-label", { for: field.id }, label), field);
    };
    const silent = h("input", { type: "checkbox" });
    const looked = h("div"), result = h("div"), told = h("p", { role: "status" });
    const progress = h("progress", { max: "1", value: "0", hidden: true, "aria-label": "How much of the short film is made" });
    const value = (name) => form.querySelector(`[data-name=${name}]`).value;
    const make = h("button.vk-main", { type: "button", vk: "make-film", onclick: async () => {
      make.disabled = true;
      progress.hidden = false;
      const reply = await wire.ask("do", { name: "make", given: { purpose: value("purpose"), hide: value("hide"), silent: silent.checked } });
      if (reply.problem) finish(reply.problem.sentence);
    } }, "Make the short film");
    const finish = (problem) => {
      progress.hidden = true;
      make.disabled = false;
      wire.problem = problem ?? null;
      bar.update();
    };
    const look = h("button", { type: "button", onclick: async () => {
      told.textContent = "Making small pictures of what will be seen";
      const reply = await wire.ask("do", { name: "look", given: { purpose: value("purpose"), hide: value("hide") } });
      told.textContent = reply.problem ? "" : `${reply.words ?? ""} Look at each picture. Make the film when every one is right.`.trim();
      wire.problem = reply.problem?.sentence ?? null;
      bar.update();
      looked.replaceChildren(...(reply.sheet ? [h("img.vk-sheet", { src: reply.sheet, alt: "Small pictures of what will be seen" })] : []));
      make.disabled = Boolean(reply.problem);
    } }, "Look at what is hidden first");
    const needLook = () => {
      look.hidden = !value("hide");
      make.disabled = Boolean(value("hide")); // what is hidden is looked at before anything is kept
      looked.replaceChildren();
    };
    const form = h("div", { onchange: needLook }, pick("purpose", "For whom?", ask.purposes), pick("hide", "What is hidden?", ask.hide),
      h("label.vk-option", {}, silent, h("span", {}, "Leave the sound out")));
    wire.onShort = (message, buffers) => {
      finish();
      const film = URL.createObjectURL(new Blob([buffers[0]], { type: "video/mp4" }));
      clips.push(() => URL.revokeObjectURL(film));
      result.replaceChildren(h("video", { vk: "short", controls: true, src: film, tabIndex: 0, "aria-label": "The short film" }),
        ...message.words.map((each) => h("p", {}, each)),
        h("p", {}, h("a", { href: film, download: "short.mp4" }, "Save a copy of it")));
      told.textContent = "The short film is ready.";
    };
    wire.onProgress = (message) => {
      if (message.problem) return finish(message.problem.sentence);
      progress.value = message.part;
      told.textContent = message.what || told.textContent;
    };
    setTimeout(needLook);
    return [...said(ask), form, look, looked, make, progress, told, result];
  }

  wire.on("done", (message) => wire.done?.(message));
  wire.on("short", (message, buffers) => wire.onShort?.(message, buffers));
  wire.on("progress", (message) => wire.onProgress?.(message));
  function soonAgain() {
    clearTimeout(soon); // while one types in another part of the page, each pause saves
    soon = setTimeout(load, 300);
  }

  wire.on("changed", () => {
    if (wire.state === "unsaved") wire.again(); // what was refused may fit now
    soonAgain();
  });
  load();
  return () => {
    clearTimeout(soon);
    clips.splice(0).forEach((stop) => stop());
    wire.close();
  };
}

/** Hand a film to the server on this machine; tells its name there, or what to do next. */
function carry(file, handle, progress) {
  const suffix = (file.name.match(/\.[A-Za-z0-9]{1,5}$/) ?? [".film"])[0].toLowerCase();
  const request = new XMLHttpRequest();
  const xsrf = document.cookie.match(/(?:^|; )_xsrf=([^;]*)/)?.[1] ?? "";
  request.open("PUT", new URL(`${baseUrl()}vigkit/bring/${handle}/${suffix.slice(1)}`, location.href));
  request.setRequestHeader("X-XSRFToken", xsrf);
  request.upload.onprogress = (e) => e.lengthComputable && progress(e.loaded / e.total);
  return new Promise((done) => {
    request.onload = () => done(request.status === 200 ? { brought: request.responseText } : { problem: { sentence: request.responseText || "The film could not be copied. Try again." } });
    request.onerror = () => done({ problem: { sentence: "The film could not be copied. Check that it is still there, and that there is room on the disk." } });
    request.send(file);
  });
}

/** One moment of a film that plays round and round: sound off, half speed, and the picture it begins with. */
function clip({ film, proxy, start, end, label }, key) {
  if (!film) return { node: h("p.vk-quiet", {}, "Open this page with vigkit lab to see the film."), stop() {} };
  const video = h("video", { vk: "film", preload: "auto", tabIndex: 0, playsInline: true, "aria-label": label ?? "The moment" });
  const address = new URL(`${baseUrl()}vigkit/film/${film}${proxy ? "/proxy" : ""}`, location.href).href;
  video.src = address;
  const stop = () => {
    video.pause();
    video.removeAttribute("src"); // else the film's file stays open
    video.load();
  };
  const edge = 1e-4; // a browser shows the picture before where a time is exactly its own
  const back = () => (video.currentTime = start + edge);
  video.addEventListener("loadedmetadata", back);
  const problem = h("p.vk-problem", { hidden: true, role: "alert" });
  /** Ask the server whether it may still be seen: a browser shows what it has kept of a film without asking. */
  const allowed = async () => {
    const told = await fetch(address, { headers: { Range: "bytes=0-0" }, cache: "no-store" }).catch(() => null);
    if (told?.ok) return true;
    const words = told && told.headers.get("Content-Type")?.startsWith("text/plain") ? await told.text() : "";
    stop();
    problem.textContent = words || "This film cannot be reached. Start the page again.";
    problem.hidden = false;
    return false;
  };
  allowed();
  video.addEventListener("error", async () => {
    if (!video.hasAttribute("src") || !(await allowed())) return;
    problem.textContent = "This film cannot be shown here. Open page 3, where a copy for your browser is made.";
    problem.hidden = false;
  });
  const play = h("button", { type: "button", vk: "play" }, "Play");
  const turn = () => {
    if (!video.paused) return video.pause();
    if (video.currentTime < start || video.currentTime >= end - 0.05) back();
    allowed().then((yes) => yes && video.play().catch(() => {}));
  };
  play.addEventListener("click", turn);
  video.addEventListener("click", turn);
  video.addEventListener("keydown", (e) => e.key === " " && (e.preventDefault(), turn()));
  video.addEventListener("play", () => (play.textContent = "Pause"));
  video.addEventListener("pause", () => (play.textContent = "Play"));
  video.addEventListener("timeupdate", () => video.currentTime >= end && back());
  const slow = pressed("Half speed", (on) => (video.playbackRate = on ? 0.5 : 1));
  const quiet = pressed("Sound off", (on) => (video.muted = on));
  const node = h("figure.vk-clip", {}, video, h("figcaption.vk-quiet", {}, `${clock(start)} to ${clock(end)}`), problem,
    h("div.vk-steps", {}, play, slow, quiet));
  return { node, stop };
}

export default { render };
