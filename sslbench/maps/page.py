"""The explorer as one page of HTML that asks neither kernel nor network for anything."""

SHIM = """
const bytes = text => new DataView(Uint8Array.from(atob(text), c => c.charCodeAt(0)).buffer);
const state = JSON.parse(document.getElementById("state").textContent,
                         (key, value) => value?.base64 !== undefined ? bytes(value.base64) : value);
const listeners = {};
const model = {
  get: name => state[name],
  set: (name, value) => { state[name] = value; listeners[`change:${name}`]?.forEach(f => f()); },
  on: (event, f) => (listeners[event] ??= []).push(f), off() {}, save_changes() {}, send() {},
};
const widget = explorer();
widget.initialize({ model });
widget.render({ model, el: document.getElementById("explorer") });
"""

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><link rel="icon" href="data:,">
<style>:root {{ color-scheme: light dark }} body {{ margin: 2rem auto; max-width: 900px; padding: 0 1rem }}
{style}</style>
<div id="explorer"></div><noscript>{summary}</noscript>
<script type="application/json" id="state">{state}</script>
<script type="module">
{script}
{shim}
</script></html>
"""
