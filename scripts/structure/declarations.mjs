// Declarations of a module: their docstrings, and the types that their signatures name.

/** What a signature does not show. */
const BODIES = new Set(["BlockStatement", "FunctionBody", "StaticBlock", "PrivateIdentifier"]);

/** The declarations of a name at the top level of a module: a type and a value may share one. */
export function declarationsOf(module, name) {
  return module.syntax().program.body.flatMap((statement) => {
    const declared = statement.declaration ?? statement;
    const nodes = declared.declarations ?? [declared];
    return nodes.filter((node) => node.id?.name === name).map((node) => ({ node, statement }));
  });
}

/** The docstrings of a name's declarations, together. */
export function docstringsOf(module, name) {
  const { comments } = module.syntax();
  const docstrings = declarationsOf(module, name).map(({ statement: { start } }) => {
    const comment = comments.findLast(({ end }) => end <= start);
    if (comment?.type !== "Block" || !comment.value.startsWith("*")) return "";
    return module.text.slice(comment.end, start).trim() === "" ? comment.value : "";
  });
  return docstrings.join("\n");
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
