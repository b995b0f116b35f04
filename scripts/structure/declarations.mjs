// Declarations of a module: their docstrings, and the types that their signatures name.

/** What a signature does not show. */
const BODIES = new Set(["BlockStatement", "FunctionBody", "StaticBlock", "PrivateIdentifier"]);

/** The declaration of a name at the top level of a module, with its statement. */
export function declarationOf(module, name) {
  for (const statement of module.syntax().program.body) {
    const declared = statement.declaration ?? statement;
    const nodes = declared.declarations ?? [declared];
    const node = nodes.find((one) => one.id?.name === name);
    if (node) return { node, statement };
  }
  return undefined;
}

/** The comment directly before a declaration, or undefined. */
export function docstringOf(module, name) {
  const declaration = module && declarationOf(module, name);
  if (!declaration) return undefined;
  const { start } = declaration.statement;
  const comment = module.syntax().comments.findLast(({ end }) => end <= start);
  if (comment?.type !== "Block" || !comment.value.startsWith("*")) return undefined;
  return module.text.slice(comment.end, start).trim() === "" ? comment.value : undefined;
}

/** Names of types in a declaration: what its users meet, so without bodies, values and private members. */
export function typesIn(declaration) {
  const names = new Set();
  const visit = (node) => {
    if (Array.isArray(node)) for (const one of node) visit(one);
    if (!node || typeof node.type !== "string" || BODIES.has(node.type) || isPrivate(node)) return;
    if (node.type === "TSTypeReference") names.add(leftmost(node.typeName));
    if (node.type === "TSTypeQuery") names.add(leftmost(node.exprName));
    if (node.type === "TSInterfaceHeritage" || node.type === "TSClassImplements") {
      names.add(leftmost(node.expression));
    }
    if (node.superClass?.type === "Identifier") names.add(node.superClass.name);
    for (const [key, child] of Object.entries(node)) {
      // An arrow function's parameters are a signature; any other value is not.
      const value = (key === "init" || key === "value") && child?.type;
      if (value && !/Function|TSEmptyBody/.test(value)) continue;
      if (typeof child === "object") visit(child);
    }
  };
  visit(declaration);
  names.delete(undefined);
  return names;
}

function isPrivate({ accessibility, key }) {
  return accessibility === "private" || key?.type === "PrivateIdentifier";
}

function leftmost(node) {
  return node?.type === "TSQualifiedName" ? leftmost(node.left) : node?.name;
}
