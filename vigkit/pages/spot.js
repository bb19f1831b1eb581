// The exercise "Spot the initiative": a drawn film, one key, and a kind word at once. See spot.py.
// What somebody has noticed is known to this window alone, until it is closed.

const LEAD = 1; // seconds shown before and after something that is played once more

/** The address of another page in the same folder, in the same kind of window. */
function pageHref(name) {
  const here = decodeURIComponent(location.pathname);
  return /[^/]*\.ipynb$/.test(here) ? encodeURI(here.replace(/[^/]*\.ipynb$/, name)) : name;
}

/** A film with its buttons: the time of the frame on screen, a stretch played once more, a frame round a place. */
function screen({ onEnd }) {
  const video = h("video", { vk: "film", preload: "auto", tabIndex: 0, playsInline: true });
  const ring = h("div.vk-place", { hidden: true });
  const problem = h("p.vk-problem", { hidden: true, role: "alert" }, "This film cannot be shown here. Start the page again.");
  const frames = "requestVideoFrameCallback" in video;
  let shown = 0, until = null, place = null, size = [1280, 720];

  const look = () => {
    const at = frames ? shown : video.currentTime;
    ring.hidden = !place?.region || at < place.start || at > place.end + LEAD;
    if (until !== null && at >= until) {
      until = null;
      video.pause();
    }
  };
  const follow = () =>
    video.requestVideoFrameCallback((_now, frame) => {
      shown = frame.mediaTime;
      look();
      follow();
    });
  if (frames) follow();
  else video.addEventListener("timeupdate", look);

  const free = () => ((until = place = null), (ring.hidden = true));
  const start = () => video.play().catch(() => {});
  const play = h("button", { type: "button", vk: "play", onclick: () => turn() }, "Play");
  const turn = () => {
    if (!video.paused) return video.pause();
    free();
    start();
  };
  const from = (at) => {
    free();
    video.currentTime = at;
    start();
  };
  const slow = pressed("Half speed", (on) => (video.playbackRate = video.defaultPlaybackRate = on ? 0.5 : 1));
  const quiet = pressed("Sound off", (on) => (video.muted = on));
  const again = h("button", { type: "button", vk: "again", onclick: () => from(0) }, "From the beginning");
  video.addEventListener("click", turn);
  video.addEventListener("play", () => (play.textContent = "Pause"));
  // another film in its place stops it without a word
  for (const kind of ["pause", "emptied"]) video.addEventListener(kind, () => (play.textContent = "Play"));
  video.addEventListener("ended", () => onEnd());
  video.addEventListener("error", () => (problem.hidden = !video.getAttribute("src")));

  return {
    video,
    node: h("figure", {}, h("div.vk-screen", {}, video, ring), problem, h("div.vk-steps", {}, play, slow, quiet, again)),
    turn,
    from,
    /** The time of the frame on screen. */
    now: () => (frames ? shown : video.currentTime),
    started: () => !video.paused || video.currentTime > 0,
    /** Play what happens once more, with a frame round its place. */
    once(what) {
      from(Math.max(0, what.start - LEAD));
      [until, place] = [what.end + LEAD, what];
      if (what.region) {
        const [left, top, right, bottom] = what.region.map((edge, n) => (100 * edge) / size[n % 2]);
        Object.assign(ring.style, { left: `${left}%`, top: `${top}%`, width: `${right - left}%`, height: `${bottom - top}%` });
      }
      video.scrollIntoView({ block: "nearest" });
    },
    show(film) {
      free();
      [shown, size] = [0, film.size];
      video.setAttribute("aria-label", film.title);
      video.src = new URL(`${baseUrl()}vigkit/film/${film.film}`, location.href).href;
    },
    stop() {
      video.pause();
      video.removeAttribute("src"); // else the film's file stays open
      video.load();
    },
  };
}

function render({ model, el }) {
  const answers = model.get("part") === "answers";
  const root = h("section.vk-cards.vk-spot", { tabIndex: -1 });
  const wire = connect(model);
  const seen = {}; // film -> numbers of what was noticed: in this window, and nowhere else
  let film = null, over = false, presses = 0;
  ownKeys(root);
  el.replaceChildren(root);

  const view = screen({ onEnd: () => answers || tell("The film is over. Watch it once more, or look at what you noticed.") });
  const words = h("p", { vk: "feedback", role: "status" });
  const back = h("button", { type: "button", vk: "once-more", hidden: true }, "Look once more");
  const told = h("div.vk-told", {}, words, back);
  const mark = h("button.vk-main.vk-mark", { type: "button", vk: "spotted", onclick: () => press() });
  const finish = h("button", { type: "button", vk: "finish", onclick: () => lists(true) }, "See what I noticed");
  const lower = h("div", { vk: "lists" });

  function tell(sentence, from) {
    words.textContent = sentence;
    back.hidden = from === undefined;
    back.onclick = () => view.from(from);
  }

  /** Ask Python; where it has gone, say so. */
  async function ask(op, more) {
    const late = new Promise((done) => setTimeout(done, PATIENCE, { problem: { sentence: "There is no answer yet. Start the page again if this stays." } }));
    return Promise.race([wire.ask(op, { film: film.name, noticed: [...seen[film.name]], ...more }), late]);
  }

  async function press() {
    if (!view.started()) return tell("Choose Play first. Then press each time.");
    const mine = ++presses, here = film;
    const reply = await ask("spotted", { at: view.now() });
    if (here !== film) return;
    if (reply.found) seen[film.name].add(reply.found.id);
    if (mine === presses) tell(reply.problem?.sentence ?? reply.sentence, reply.from);
    if (reply.found) await lists(over);
  }

  /** What was noticed; at the end also what others saw. */
  async function lists(all) {
    const [here, first] = [film, all && !over];
    over = all;
    const reply = await ask("all");
    if (here !== film || reply.problem) return reply.problem && tell(reply.problem.sentence);
    const parts = [];
    if (answers) parts.push(...list("Play each once more", reply.others));
    else if (reply.noticed.length) parts.push(...list("You noticed these", reply.noticed));
    else if (all) parts.push(h("p", {}, "You have watched. Now look with others."));
    if (all && !answers && reply.others.length) parts.push(...list("Others saw these too. Play each once more", reply.others));
    if (all && reply.words) parts.push(h("p", {}, reply.words));
    lower.replaceChildren(...parts);
    finish.hidden = all;
    if (first && !answers) {
      const heading = lower.querySelector("h3, p");
      heading.tabIndex = -1;
      heading.focus();
    }
  }

  function list(title, found) {
    const row = (each) => h("li", {},
      h("button", { type: "button", "aria-label": `Play once more: ${each.what}`, onclick: () => view.once(each) }, "Play"),
      h("span", {}, `${each.at} `, each.what, h("span.vk-quiet", {}, ` · ${each.way}`)));
    return [h("h3", {}, title), h("ul.vk-found", {}, ...found.map(row))];
  }

  function show(next) {
    film = next;
    seen[film.name] ??= new Set();
    over = answers;
    const who = film.who[0].toUpperCase() + film.who.slice(1);
    mark.replaceChildren(`${who} begins something`);
    finish.hidden = false;
    tell("");
    lower.replaceChildren();
    view.show(film);
    if (answers || seen[film.name].size) lists(answers);
  }

  function choice(films) {
    const option = (each, n) => h("label.vk-option", {},
      h("input", { type: "radio", name: `vk-film-${model.get("part")}`, checked: n === 0, onchange: () => show(each) }), h("span", {}, each.title));
    return h("fieldset", {}, h("legend.vk-label", {}, "Which film?"), ...films.map(option));
  }

  root.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.repeat || !film) return;
    if (e.key.toLowerCase() === "b" && !answers) press();
    else if (e.key === " " && !e.target.closest("button, input")) view.turn();
    else return;
    e.preventDefault();
  });
  root.addEventListener("click", (e) => root.contains(document.activeElement) || e.target.closest("a") || root.focus({ preventScroll: true }));

  (async () => {
    const reply = await wire.load(model.get("part"));
    const films = (reply.films ?? []).filter((each) => each.film);
    if (reply.problem || !films.length) {
      root.replaceChildren(h("p.vk-problem", { role: "alert" }, reply.problem?.sentence ?? "Open this page with vigkit lab to see the film."));
      return;
    }
    root.append(...(films.length > 1 ? [choice(films)] : []), view.node);
    if (!answers) {
      root.append(
        h("div.vk-press", {}, mark, h("p.vk-hint", {}, "Or press the key B. Space plays and pauses the film.")),
        told, lower, h("div.vk-steps", {}, finish),
        h("p.vk-quiet", {}, "Nothing of this is kept. It is gone when you close the page."));
    } else root.append(lower);
    if (reply.home && !answers) root.append(h("p", {}, h("a", { href: pageHref("0-welcome.ipynb") }, "Start page")));
    show(films[0]);
  })();

  return () => {
    view.stop();
    wire.close();
  };
}

export default { render };
