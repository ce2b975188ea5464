/** How a text wants to be shown, as far as its beginning tells. */

export type TextShape = "plain" | "markdown" | "code";

/** So much of a text is looked at: it decides early, and stays cheap for long ones. */
const LOOKED_AT = 4000;

const CODE =
  /^\s*(?:#!|"""|(?:async )?def \w+\(|class \w+(?:[:({]| extends | \{)|import (?:[\w.]+(?:\n|;| as )|[{*"'])|from [\w.]+ import |(?:export |async )*function \w*\(|(?:export )?(?:const|let|var) \w+ ?[=:]|#include\b|package [\w.]+;?\n|using [\w.]+;|public (?:class|static|void) |fn \w+\(|func \w+\(|SELECT\s|CREATE\s|INSERT\s|<\?xml|<!doctype|<html|[{[]\s*["{[])/;

const MARKDOWN =
  /^(?:#{1,6} +\S|[-*+] +\S|\d{1,3}[.)] +\S|> ?\S|```|~~~|\|.+\|)|\*\*\S|`[^`\n]+`|\[[^\]\n]+\]\([^)\n]+\)/m;

export function textShapeOf(text: string): TextShape {
  const start = text.slice(0, LOOKED_AT);
  if (CODE.test(start)) return "code";
  return MARKDOWN.test(start) ? "markdown" : "plain";
}
