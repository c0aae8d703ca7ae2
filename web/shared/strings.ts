/**
 * What is said on screen, in the reader's language.
 *
 * `strings/en.ts` is the one catalogue of English; a language is added as a file of the same keys. A message holds
 * `{names}` to be filled in, and where a number decides the form it is a set of forms by plural rule
 * (`Intl.PluralRules`), chosen by the value `n`.
 *
 *     const say = speaker("en", { left: { one: "{n} part", other: "{n} parts" } });
 *     say("left", { n: 2 })    // "2 parts"
 */

export type Forms = Readonly<Partial<Record<Intl.LDMLPluralRule, string>> & { other: string }>;
export type Message = string | Forms;
export type Catalogue = Readonly<Record<string, Message>>;
export type Values = Readonly<Record<string, string | number>>;
export type Say<C extends Catalogue> = (key: keyof C & string, values?: Values) => string;

/** Languages written from right to left, by their primary subtag. */
const RIGHT_TO_LEFT: ReadonlySet<string> = new Set(["ar", "dv", "fa", "he", "ps", "ur", "yi"]);

/** Says messages of a catalogue in a language (a BCP 47 tag). */
export function speaker<C extends Catalogue>(locale: string, catalogue: C): Say<C> {
  const rules = new Intl.PluralRules(locale);
  return (key, values = {}) => fill(form(catalogue[key] as Message, rules, values["n"]), values);
}

/** `"rtl"` or `"ltr"` for a language. */
export function directionOf(locale: string): "ltr" | "rtl" {
  return RIGHT_TO_LEFT.has(locale.split("-")[0] as string) ? "rtl" : "ltr";
}

/** The first language the reader asked for that is there, else the first that is there. */
export function chooseLocale(wanted: readonly string[], there: readonly [string, ...string[]]): string {
  const primary = wanted.map((tag) => tag.split("-")[0] as string);
  return primary.find((tag) => there.includes(tag)) ?? there[0];
}

function form(message: Message, rules: Intl.PluralRules, count: string | number | undefined): string {
  if (typeof message === "string") return message;
  return (typeof count === "number" ? message[rules.select(count)] : undefined) ?? message.other;
}

function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
