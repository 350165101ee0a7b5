/**
 * A plugin of Stryker that disables mutants of texts alone: what an assertion, an error or a law tells a reader. No rule of the
 * model reads them; that they are thrown at all is tried by the mutants of their conditions.
 */

/** Calls whose texts are read by people: `assert(condition, text)` and the laws' `breach(world, law, account, found)`. */
const SPEAKERS = new Set(['assert', 'breach']);
const REASON = 'a text for people: no rule of the model reads it';

const isText = ({ type }) => type === 'StringLiteral' || type === 'TemplateLiteral';

/** Whether a node hands the texts in it to a reader. */
function speaks({ type, callee, id, key }) {
  if (type === 'CallExpression') return SPEAKERS.has(callee.name);
  if (type === 'NewExpression') return /(Error|Violation)$/.test(callee.name ?? '');
  if (type === 'VariableDeclarator') return id.name === 'found';
  return type === 'ObjectProperty' && key.name === 'about';
}

export const wordsForPeople = {
  shouldIgnore: (path) =>
    isText(path.node) && path.findParent(({ node }) => speaks(node)) ? REASON : undefined,
};

export const strykerPlugins = [{ kind: 'Ignore', name: 'wordsForPeople', value: wordsForPeople }];
