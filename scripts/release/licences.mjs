// The licences of everything that is inside a release: the crates that are linked into the
// wasm, Rust's standard library, htmx, and data that came from elsewhere. Leaves out: wrangler,
// which npm brings with its own; and whether they may be linked, which is `npm run deny`'s.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { Failed, capture, root } from "../run.mjs";

/** @typedef {{ name: string, licence: string, texts: string[] }} Part */

const TARGET = "wasm32-unknown-unknown";
/** Files that have to be handed on. */
const FILES = /^(licen[cs]e|copying|copyright|notice|unlicense)/i;

/** All of them, in one text. */
export function licences() {
  const parts = [...crates(), standardLibrary(), htmx()];
  // Most texts are the same to the letter: each stands once, with whose it is.
  /** @type {Map<string, Part[]>} */
  const byText = new Map();
  for (const part of parts) {
    for (const text of part.texts) byText.set(text, [...(byText.get(text) ?? []), part]);
  }
  const line = "=".repeat(80);
  const groups = [...byText].map(([text, of]) => `${line}\n${of.map(({ name }) => name).join("\n")}\n\n${text}\n`);
  const list = parts.map(({ name, licence }) => `  ${name}: ${licence}`).join("\n");
  return `What is inside this release besides Edgespan, which is under the MIT licence (LICENSE):\n\n${list}\n\n${groups.join("\n")}`;
}

/** What cargo links into the wasm: no macros, no tools of builds, no tests.
 *  @returns {Part[]} */
function crates() {
  const edges = ["--target", TARGET, "--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}"];
  const linked = new Set(
    cargo(["tree", "--locked", "--package", "edgespan", ...edges])
      .split("\n")
      .map((line) => line.split(" ").slice(0, 2).join(" ")),
  );
  /** @type {{ packages: { name: string, version: string, license: string | null, authors: string[], manifest_path: string, source: string | null }[] }} */
  const { packages } = JSON.parse(cargo(["metadata", "--locked", "--format-version", "1", "--filter-platform", TARGET]));
  return packages
    .filter(({ name, version }) => linked.has(`${name} v${version}`))
    .flatMap(({ name, version, license, authors, manifest_path, source }) => {
      const texts = textsIn(dirname(manifest_path));
      // Ours are in LICENSE, but for what they have from others.
      if (source === null)
        return texts.length > 0 && dirname(manifest_path) !== root ? [{ name: `data in ${name}`, licence: "MIT", texts }] : [];
      if (texts.length === 0 && !license?.includes("MIT")) throw new Failed(`${name} ${version} has no text of its licence, ${license}`);
      return [{ name: `${name} ${version}`, licence: license ?? "its own", texts: texts.length > 0 ? texts : [mit(authors)] }];
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The texts in a folder.
 *  @param {string} folder */
function textsIn(folder) {
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile() && FILES.test(entry.name));
  return names
    .map(({ name }) => name)
    .sort()
    .map((name) => tidy(readFileSync(join(folder, name), "utf8")));
}

/** Rust's standard library and what that has in it, as the toolchain tells.
 *  @returns {Part} */
function standardLibrary() {
  const folder = join(capture("rustc", ["--print", "sysroot"]).stdout.trim(), "share", "doc", "rust");
  const page = join(folder, "COPYRIGHT-library.html");
  if (!existsSync(page)) throw new Failed(`${page} is not there: the licences of Rust's standard library`);
  const text = readFileSync(page, "utf8")
    .replace(/<head>.*?<\/head>|<[^>]*>/gs, "")
    .replace(
      /&(lt|gt|quot|#39|#x27|#34|amp);/g,
      (_, name) => ({ lt: "<", gt: ">", quot: '"', "#34": '"', amp: "&" })[/** @type {string} */ (name)] ?? "'",
    );
  const [, release] = /^rustc (\S+)/.exec(capture("rustc", ["--version"]).stdout) ?? [];
  const whole = ["MIT", "Apache-2.0"].map((name) => tidy(readFileSync(join(folder, "licenses", `${name}.txt`), "utf8")));
  return { name: `Rust's standard library ${release}`, licence: "MIT OR Apache-2.0, and what is below", texts: [tidy(text), ...whole] };
}

/** @returns {Part} */
function htmx() {
  const folder = join(root, "node_modules", "htmx.org");
  const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return { name: `htmx ${version}`, licence: license, texts: textsIn(folder) };
}

/** @param {string[]} args */
function cargo(args) {
  const { ok, stdout, stderr } = capture("cargo", args);
  if (!ok) throw new Failed(`cargo ${args[0]}:\n${stderr}`);
  return stdout;
}

/** @param {string} text */
const tidy = (text) =>
  text
    .replace(/\r\n/g, "\n")
    .replace(/[ \t]+$/gm, "")
    .replace(/\n{3,}/g, "\n\n")
    .trim();

/** The licence of a crate that names it and has not its text.
 *  @param {string[]} authors */
const mit = (authors) => `Copyright (c) ${authors.join(", ") || "its authors"}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense,
and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so,
subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial
portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT
LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN
NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY,
WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE
SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;
