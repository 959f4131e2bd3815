/** The elements of index.html by their ids, of the kind that they have to be. */

/** @throws {TypeError} if there is none, or one of another kind */
export function element<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new TypeError(`index.html has no ${kind.name} #${id}`);
  return found;
}
