// Markdown on standard input, HTML on standard output, as GitHub makes it of a comment: tables, raw HTML,
// and addresses that become links without any mark. What GitHub's sanitizer would take away is left in,
// so that a test sees it.
import { buffer } from "node:stream/consumers";
import { stdin, stdout } from "node:process";
import MarkdownIt from "markdown-it";

const renderer = new MarkdownIt({ html: true, linkify: true });
// The ending that addresses in tests have.
renderer.linkify.tlds("example", true);
stdout.write(renderer.render((await buffer(stdin)).toString("utf8")));
