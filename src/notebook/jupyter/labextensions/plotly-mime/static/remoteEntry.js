// Draws figures in JupyterLab with the project's own plotly.js-dist: application/vnd.plotly.v1+json outputs ("./mimeExtension"), and
// widgets of the module "adazeta" ("./extension"): figures (src/notebook/widgets/figure-view.ts), which a page that is loaded again draws
// with their newest state, and sliders (number-slider.js). It also shows runs that go on while a page is loaded (cell-runs.js), and ends
// the kernels of closed notebooks (closed-tabs.js). A hand-written module-federation container: JupyterLab calls init(shared modules),
// then get.
(() => {
  const MIME = "application/vnd.plotly.v1+json";
  const here = document.currentScript.src;
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

  // react() redraws in place: the plot does not flicker while a running cell updates it.
  const draw = async (node, { data, layout, config, frames }) => {
    const Plotly = await loadPlotly();
    await Plotly.react(node, { data, layout, config: { responsive: true, ...config }, frames });
    await new Promise((resolve) => requestAnimationFrame(resolve));
  };
  const purge = (node) => node.data && window.Plotly.purge(node);

  /** Draws the newest of what is given, one at a time: a fast loop cannot make the page lag behind. */
  const newestDrawn = (node, isGone) => {
    let newest;
    let drawing;
    const all = async () => {
      while (newest !== undefined && !isGone()) {
        const figure = newest;
        newest = undefined;
        await draw(node, figure);
      }
    };
    return (figure) => {
      newest = figure;
      drawing ??= all()
        .catch((error) => {
          node.textContent = String(error.message ?? error);
        })
        .finally(() => {
          drawing = undefined;
        });
      return drawing;
    };
  };

  async function createMimeExtension() {
    const { Widget } = await shared("@lumino/widgets");

    class FigureWidget extends Widget {
      renderModel(model) {
        this.draw ??= newestDrawn(this.node, () => this.isDisposed);
        return this.draw(model.data[MIME]);
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
        purge(this.node);
        super.dispose();
      }
    }

    const rendererFactory = { safe: true, mimeTypes: [MIME], createRenderer: () => new FigureWidget() };
    // Without __esModule the whole of JupyterLab stays blank.
    return { __esModule: true, default: { id: "plotly-mime:plugin", rank: 0, dataType: "json", rendererFactory } };
  }

  /**
   * Controls whose kernel is gone look so, cannot be moved, and say what to do, once for each output (ipywidgets marks each of them).
   * An output whose widgets the page does not know says that too, in place of "Error displaying widget: model not found".
   */
  const GONE = `
    .jupyter-widgets.widget-slider .widget-readout { width: auto; min-width: var(--jp-widgets-inline-width-tiny); flex: none; }
    .jp-OutputArea-output .jupyter-widgets-disconnected.jupyter-widgets-disconnected::before { content: none; }
    .jp-OutputArea-output .jupyter-widgets-disconnected { pointer-events: none; }
    .jp-OutputArea-output .jupyter-widgets-disconnected:not(.lm-Panel):not(:has(.js-plotly-plot)) { opacity: 0.5; }
    .jp-OutputArea-output:has(.jupyter-widgets-disconnected)::after,
    .jp-OutputArea-output[data-mime-type="application/vnd.jupyter.widget-view+json"]:not(:has(*))::after {
      content: "These controls are not connected to a kernel: run the cell again."; display: block; padding: 4px 0;
      color: var(--jp-ui-font-color2, #616161); font-size: var(--jp-ui-font-size1, 13px);
    }
    .jp-OutputArea-output[data-mime-type="application/vnd.jupyter.widget-view+json"]:not(:has(*)) { font-size: 0; }`;

  /** Of a notebook that is not trusted JupyterLab shows styles without variables (src/table/html.ts). */
  const TABLE = `
    .adazeta-table :is(th, td):first-child { position: sticky; left: 0; background-color: var(--jp-layout-color0); }`;

  /** The widget module, where ipywidgets' own front end is installed. */
  async function createExtension() {
    const style = document.createElement("style");
    style.textContent = GONE + TABLE;
    document.head.append(style);
    const id = "plotly-mime:widgets";
    if (shareScope["@jupyter-widgets/base"] === undefined)
      return { __esModule: true, default: { id, autoStart: true, activate: () => undefined } };
    const base = await shared("@jupyter-widgets/base");
    const { numberSliderView } = await import(new URL("number-slider.js", here));
    const NumberSliderView = numberSliderView(await shared("@jupyter-widgets/controls"));
    const place = {
      _model_module: "adazeta",
      _view_module: "adazeta",
      _model_module_version: "1.0.0",
      _view_module_version: "1.0.0",
    };

    class FigureModel extends base.DOMWidgetModel {
      defaults() {
        return {
          ...super.defaults(),
          ...place,
          _model_name: "FigureModel",
          _view_name: "FigureView",
          figure: { data: [], layout: {} },
        };
      }
    }

    class FigureView extends base.DOMWidgetView {
      render() {
        super.render();
        this.plot = document.createElement("div");
        this.el.append(this.plot);
        const drawn = newestDrawn(this.plot, () => this.gone === true);
        const draw = () => drawn(this.model.get("figure"));
        this.listenTo(this.model, "change:figure", draw);
        this.displayed.then(draw);
      }
      remove() {
        this.gone = true;
        purge(this.plot);
        super.remove();
      }
    }

    const { INotebookTracker } = await shared("@jupyterlab/notebook");
    const { Notification } = await shared("@jupyterlab/apputils");
    const { followRuns } = await import(new URL("cell-runs.js", here));
    const { endClosed } = await import(new URL("closed-tabs.js", here));
    const activate = (app, registry, notebooks) => {
      const exports = { FigureModel, FigureView, NumberSliderView };
      registry.registerWidget({ name: "adazeta", version: "1.0.0", exports });
      const watch = (panel) => {
        followRuns(panel);
        endClosed(panel, app.serviceManager, Notification);
      };
      notebooks.forEach(watch);
      notebooks.widgetAdded.connect((_tracker, panel) => watch(panel));
    };
    const requires = [base.IJupyterWidgetRegistry, INotebookTracker];
    return { __esModule: true, default: { id, autoStart: true, requires, activate } };
  }

  const modules = { "./mimeExtension": createMimeExtension, "./extension": createExtension };
  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB["plotly-mime"] = {
    init: (scope) => {
      shareScope = scope;
    },
    get: async (name) => {
      const module = await modules[name]();
      return () => module;
    },
  };
})();
