// Builds portal.css, the icon sprite, the fonts and their checksums into portal/web/static.
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";

// Where the packages are: here, or in a folder outside the repository named by PORTAL_UI_MODULES.
const here = import.meta.dirname;
const modules = resolve(process.env.PORTAL_UI_MODULES ?? join(here, "node_modules"));
const sass = createRequire(join(modules, "x.cjs"))("sass");
const uswds = join(modules, "@uswds", "uswds");
const out = resolve(here, "..", "..", "portal", "web", "static");

const FONTS = [
  "source-sans-pro/sourcesanspro-regular-webfont",
  "source-sans-pro/sourcesanspro-italic-webfont",
  "source-sans-pro/sourcesanspro-semibold-webfont",
  "source-sans-pro/sourcesanspro-bold-webfont",
  "merriweather/Latin-Merriweather-Bold",
  "roboto-mono/roboto-mono-v5-latin-regular",
];
const ICONS = [
  "arrow_back",
  "arrow_drop_down",
  "arrow_drop_up",
  "arrow_forward",
  "calendar_today",
  "check",
  "check_circle",
  "close",
  "content_copy",
  "error",
  "expand_more",
  "file_download",
  "file_upload",
  "help_outline",
  "info",
  "lock",
  "mail",
  "menu",
  "navigate_before",
  "navigate_next",
  "people",
  "person",
  "print",
  "schedule",
  "search",
  "settings",
  "unfold_more",
  "verified_user",
  "visibility",
  "warning",
];

function styles() {
  const built = sass.compile(join(here, "portal.scss"), {
    loadPaths: [join(uswds, "packages"), here],
    style: "compressed",
    quietDeps: true,
  });
  // The fonts and pictures stand beside the sheet; the banner keeps the licence with the file.
  const banner =
    "/* Contains parts of the U.S. Web Design System 3.14.0 (public domain) and normalize.css (MIT): see LICENCES. */\n";
  writeFileSync(join(out, "portal.css"), banner + built.css + "\n");
  return built.css;
}

function pictures(css) {
  rmSync(join(out, "img"), { recursive: true, force: true });
  for (const [, path] of css.matchAll(/url\(["']?img\/([^"')#]+)/g)) {
    const target = join(out, "img", path);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(join(uswds, "dist", "img", path), target);
  }
}

function fonts() {
  rmSync(join(out, "fonts"), { recursive: true, force: true });
  mkdirSync(join(out, "fonts"), { recursive: true });
  for (const font of FONTS) {
    cpSync(join(uswds, "dist", "fonts", `${font}.woff2`), join(out, "fonts", `${font.split("/")[1]}.woff2`));
  }
}

function sprite() {
  const symbols = ICONS.map((name) => {
    const svg = readFileSync(join(uswds, "dist", "img", "usa-icons", `${name}.svg`), "utf8");
    const inside = svg.replace(/^[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "");
    return `<symbol id="${name}" viewBox="0 0 24 24">${inside.replace(/<path[^>]*fill="none"[^>]*d="M0 0h24v24H0[zV]?"\s*\/?>(<\/path>)?/g, "")}</symbol>`;
  });
  const mark = readFileSync(join(here, "mark.svg"), "utf8")
    .replace(/^[\s\S]*?<svg[^>]*>/, "")
    .replace(/<\/svg>\s*$/, "");
  symbols.push(`<symbol id="portal_mark" viewBox="0 0 32 32">${mark.trim()}</symbol>`);
  writeFileSync(
    join(out, "icons.svg"),
    `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`,
  );
  cpSync(join(here, "mark.svg"), join(out, "mark.svg"));
}

function everyFile(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? everyFile(path) : [path];
  });
}

function checksums() {
  const lines = everyFile(out)
    .map((path) => relative(out, path).split("\\").join("/"))
    .filter((path) => path !== "SHA256SUMS")
    .sort()
    .map(
      (path) =>
        `${createHash("sha256")
          .update(readFileSync(join(out, path)))
          .digest("hex")}  ${path}`,
    );
  writeFileSync(join(out, "SHA256SUMS"), lines.join("\n") + "\n");
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  mkdirSync(out, { recursive: true });
  const css = styles();
  pictures(css);
  fonts();
  sprite();
  for (const name of ["portal.js", "idle.js", "review.js", "suggest.js", "tickets.js", "go.js", "LICENCES"]) cpSync(join(here, name), join(out, name));
  checksums();
  console.log(`portal.css ${(css.length / 1024).toFixed(0)} kB`);
}
