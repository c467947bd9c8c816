// Draws application/vnd.plotly.v1+json outputs in JupyterLab with the project's own plotly.js-dist.
// A hand-written module-federation container: JupyterLab calls init(shared modules), then get("./mimeExtension").
(() => {
  const MIME = "application/vnd.plotly.v1+json";
  let shareScope;
  let library;

  const baseUrl = () => JSON.parse(document.getElementById("jupyter-config-data").textContent).baseUrl || "/";

  const loadPlotly = () => {
    library ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = `${baseUrl()}files/node_modules/plotly.js-dist/plotly.js`;
      script.onload = () => resolve(window.Plotly);
      script.onerror = () => {
        library = undefined; // the next figure tries again
        reject(new Error(`cannot load ${script.src}: run npm start once more, it installs what is missing`));
      };
      document.head.append(script);
    });
    return library;
  };

  const shared = async (name) => (await Object.values(shareScope[name])[0].get())();

  async function createModule() {
    const { Widget } = await shared("@lumino/widgets");

    class FigureWidget extends Widget {
      // Of the updates that come while one is drawn only the newest is drawn: a fast loop cannot make the page lag behind.
      renderModel(model) {
        this.newest = model;
        this.drawing ??= this.drawNewest()
          .catch((error) => {
            this.node.textContent = String(error.message ?? error);
          })
          .finally(() => {
            this.drawing = undefined;
          });
        return this.drawing;
      }

      async drawNewest() {
        const Plotly = await loadPlotly();
        while (this.newest !== undefined && !this.isDisposed) {
          const { data, layout, config, frames } = this.newest.data[MIME];
          this.newest = undefined;
          // react() redraws in place: the plot does not flicker while a running cell updates it.
          await Plotly.react(this.node, { data, layout, config: { responsive: true, ...config }, frames });
          await new Promise((resolve) => requestAnimationFrame(resolve));
        }
      }

      resize() {
        if (this.isVisible && this.node.data) window.Plotly.Plots.resize(this.node);
      }
      onAfterShow() {
        this.resize();
      }
      onResize() {
        this.resize();
      }
      dispose() {
        if (this.node.data) window.Plotly.purge(this.node);
        super.dispose();
      }
    }

    const rendererFactory = { safe: true, mimeTypes: [MIME], createRenderer: () => new FigureWidget() };
    // Without __esModule the whole of JupyterLab stays blank.
    return { __esModule: true, default: { id: "plotly-mime:plugin", rank: 0, dataType: "json", rendererFactory } };
  }

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB["plotly-mime"] = {
    init: (scope) => {
      shareScope = scope;
    },
    get: async () => {
      const module = await createModule();
      return () => module;
    },
  };
})();
