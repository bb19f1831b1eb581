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

const plugin = { id: "vigkit:pages", autoStart: true, activate: () => addEventListener("click", follow, true) };

// How JupyterLab finds a plugin that was not built with it.
(window._JUPYTERLAB ??= {}).vigkit = {
  init: async () => {},
  get: async () => () => ({ __esModule: true, default: plugin }),
};
