// A link to another page is followed as everywhere else: this page goes, and the browser's Back comes back to it.
// JupyterLab would put the other page in front of this one, where Back changes the address and nothing else.
const follow = (event) => {
  const link = event.target.closest?.(".jp-RenderedMarkdown a[href]");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const { baseUrl } = JSON.parse(document.getElementById("jupyter-config-data").textContent);
  const { origin, pathname } = new URL(link.href);
  const files = `${baseUrl}files/`; // where JupyterLab lets a link to a file beside the page lead
  if (origin !== location.origin || !pathname.startsWith(files) || !pathname.endsWith(".ipynb")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  location.assign(`${baseUrl}doc/tree/${pathname.slice(files.length)}`);
};

// JupyterLab enters the address of a page a second time when it has opened it, and Back would have to be pressed twice.
const push = history.pushState.bind(history);
history.pushState = (state, title, url) => {
  const again = new URL(url ?? "", location.href).pathname === location.pathname;
  (again ? history.replaceState.bind(history) : push)(state, title, url);
};

// When Python stops by itself, Jupyter tells of kernels that have died. The person hears what to do next.
const kinder = () => {
  const header = document.querySelector(".jp-Dialog-header");
  if (header?.textContent !== "Kernel Restarting") return;
  header.textContent = "This page has stopped";
  const words = document.querySelector(".jp-Dialog-body");
  if (words) words.textContent = "Your answers are kept. Press Ok, and then Start this page once more.";
};
const watch = (changes) => {
  for (const dialog of changes.flatMap((each) => [...each.addedNodes])) {
    if (!dialog.classList?.contains("jp-Dialog")) continue;
    new MutationObserver(kinder).observe(dialog, { childList: true, subtree: true });
    kinder();
  }
};

const activate = () => {
  addEventListener("click", follow, true);
  new MutationObserver(watch).observe(document.body, { childList: true });
};
const plugin = { id: "vigkit:pages", autoStart: true, activate };

// How JupyterLab finds a plugin that was not built with it.
(window._JUPYTERLAB ??= {}).vigkit = {
  init: async () => {},
  get: async () => () => ({ __esModule: true, default: plugin }),
};
