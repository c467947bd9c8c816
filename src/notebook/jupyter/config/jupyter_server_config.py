# A notebook that JupyterLab saves has the bytes that `npm run notebook` writes where the outputs are equal (src/notebook/notebook-file.ts):
# without the counts of the kernel's runs, and without the state of widgets that it does not show. Everything else of the configuration is
# in jupyter_server_config.json.
VIEW = "application/vnd.jupyter.widget-view+json"


def quiet(model, **_):
    notebook = model["content"]
    if model["type"] != "notebook" or notebook["nbformat"] != 4:
        return
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    for counted in [*notebook["cells"], *outputs]:
        if "execution_count" in counted:
            counted["execution_count"] = None
    if not any(VIEW in output.get("data", {}) for output in outputs):
        notebook["metadata"].pop("widgets", None)


c = get_config()  # noqa: F821
c.ContentsManager.pre_save_hook = quiet
