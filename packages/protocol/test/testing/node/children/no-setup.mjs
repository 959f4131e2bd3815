/** A module for `--transport` that lacks what it has to export. */
export const name = "no transport";
