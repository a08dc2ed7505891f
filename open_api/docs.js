"use strict";
const el = (tag, text, attrs = {}) => {
  const node = Object.assign(document.createElement(tag), attrs);
  if (text !== undefined) node.textContent = text;
  return node;
};
const add = (parent, ...children) => (parent.append(...children), parent);

function example(schema, all, depth = 0) {
  if (!schema || depth > 5) return null;
  if (schema.$ref) return example(all[schema.$ref.split("/").pop()], all, depth + 1);
  if (schema.anyOf) return example(schema.anyOf.find((s) => s.type !== "null"), all, depth + 1);
  if (schema.default !== undefined && schema.default !== null) return schema.default;
  if (schema.enum) return schema.enum[0];
  if (schema.type === "array") return [example(schema.items, all, depth + 1)];
  if (schema.type === "object") {
    const found = {};
    for (const [name, part] of Object.entries(schema.properties || {})) found[name] = example(part, all, depth + 1);
    return found;
  }
  return { integer: 1, number: 1.5, boolean: true }[schema.type] ?? (schema.format || "文字");
}

function operation(path, method, op, schemas) {
  const box = el("section", undefined, { id: op.operationId });
  add(box, add(el("h3"), el("b", method.toUpperCase(), { className: "m " + method }), el("code", path)), el("p", op.summary));
  if (op["x-permission"]) add(box, add(el("p", "权限 "), el("code", op["x-permission"])));
  const body = op.requestBody && op.requestBody.content["application/json"];
  if (body) add(box, el("h4", "请求体示例"), el("pre", JSON.stringify(example(body.schema, schemas), null, 2)));
  const rows = el("table");
  for (const [status, answer] of Object.entries(op.responses)) add(rows, add(el("tr"), el("th", status), el("td", answer.description)));
  return add(box, el("h4", "回答"), rows);
}

fetch("/openapi.json").then((r) => r.json()).then((doc) => {
  const list = document.getElementById("list"), main = document.getElementById("doc");
  main.textContent = "";
  for (const [path, methods] of Object.entries(doc.paths))
    for (const [method, op] of Object.entries(methods)) {
      main.append(operation(path, method, op, doc.components.schemas));
      list.append(el("a", method.toUpperCase() + " " + path, { href: "#" + op.operationId }));
    }
  document.getElementById("find").addEventListener("input", (event) => {
    const word = event.target.value.trim();
    for (const link of list.children) {
      const shown = !word || link.textContent.includes(word);
      link.hidden = !shown;
      document.getElementById(link.hash.slice(1)).hidden = !shown;
    }
  });
});
