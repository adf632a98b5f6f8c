import { lines, post } from "/server.js";

const { texts, example } = JSON.parse(document.getElementById("texts").textContent);
const $ = (id) => document.getElementById(id);
const fields = { request: $("request"), context: $("context"), recipient: $("recipient"), subject: $("subject") };
const sheet = $("draft");
// The last mail that was dropped, of which a draft needs the ids.
let mail = { message_id: "", references: [] };
// The drafts of this request: {text, written, given, lost, added, guessed, fine, done, best}; which one is shown; what stops the writing.
let drafts = [], shown = 0, running = null, ready = false, id = "", attempt = 0, marking = 0;
// Whether edits are kept to learn from ("ask", "yes", "no"), whether the configuration decides, and the last one made.
let learns = "no", learningIsFixed = true, lastEdit = null;
// The draft as typed, until the server has it for the history.
let typed = "";
// Whether the server answered when it was last asked for its state.
let reached = true;
// Bytes of a mail that the server reads, and characters of its text.
const MAX_MAIL = 8 << 20, MAX_TEXT = 60000;

// The second place is for the eye, where the first one is out of sight.
function say(text) { $("status").textContent = $("echo").textContent = text; }

// Replaces what is inside an element if that changes anything: a screen reader reads new parts of a status aloud, and a
// button that is replaced loses the focus.
function fill(place, parts) {
  const filled = place.cloneNode(false);
  filled.append(...parts);
  if (!filled.isEqualNode(place)) place.replaceChildren(...parts);
}

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

// -- the server

function explain(error) {
  if (error.name === "AbortError") return texts.stopped;
  return texts[error.message] || texts["error_" + error.message] || texts.error_network;
}

async function watchModel() {
  let state = { status: "unreachable", reason: texts.error_network };
  try {
    const answer = await fetch("/page/state");
    state = answer.ok ? await answer.json() : { status: "unreachable", reason: answer.status === 401 ? texts.error_access : texts.error_network };
  } catch { /* The program ended: its reason is the one above. */ }
  ready = state.status === "ready";
  if (state.learns) showLearning(state.learns, state.learning_is_fixed);
  const notice = $("notice");
  notice.hidden = ready;
  const parts = [];
  if (state.status === "missing") {
    const command = element("p", "");
    command.append(element("code", state.reason));
    parts.push(element("p", texts.missing), element("p", texts.missing_todo), command);
  } else if (!ready) {
    const says = { loading: texts.loading, unreachable: state.reason };
    parts.push(element("p", says[state.status] ?? texts.failed + " " + state.reason));
  }
  fill(notice, parts);
  const wasReached = reached;
  reached = state.status !== "unreachable";
  if (reached && !wasReached) {
    say(texts.reached);
    // What was typed meanwhile is in no history yet.
    mark();
  }
  enable();
  setTimeout(watchModel, !ready && (state.status === "loading" || running === null) ? 1000 : 15000);
}

// -- writing

function form() {
  const values = Object.entries(fields).map(([name, field]) => [name, field.value]);
  return { ...Object.fromEntries(values), ...mail };
}

function hideHint() { $("hint").hidden = $("take").hidden = true; }

function showHint(text, read = "") {
  $("hint").textContent = text;
  $("hint").hidden = false;
  $("take").hidden = !read;
  $("take").onclick = () => {
    // Some browsers select without moving the focus.
    fields.request.focus();
    fields.request.select();
    // Unlike a new value, this can be undone.
    document.execCommand("insertText", false, read);
  };
}

async function write(change, keep = [0, 0]) {
  if (running || !ready) return;
  if (!fields.request.value.trim()) {
    say(texts.error_empty);
    fields.request.focus();
    return;
  }
  keepTyped();
  running = new AbortController();
  const first = change === "first", given = form(), before = [drafts, shown, attempt, id];
  const base = first ? 0 : drafts.length;
  if (first) { drafts = []; attempt = 0; id = crypto.randomUUID(); } else attempt += 1;
  const body = { ...given, change, draft: sheet.value, keep, attempt };
  say(change === "shorter" || change === "longer" ? texts.choosing : texts.writing);
  // The button with the focus is about to be hidden or disabled.
  const focused = document.activeElement === $("take") ? fields.request : document.activeElement;
  hideHint();
  enable();
  if (focused === $("write")) $("stop").focus();
  try {
    const answer = await post("/page/drafts", body, running.signal);
    let cut = false, best = null;
    for await (const event of lines(answer)) {
      if (event.error) throw new Error(event.error);
      if (event.hint) { showHint(texts.order + " " + example); continue; }
      if (event.read_as) { showHint(texts.read_as + " " + event.read_as, event.read_as); continue; }
      if (event.best !== undefined) { best = base + event.best; drafts[best].best = true; list(); continue; }
      const place = base + event.draft;
      const draft = drafts[place] ??= { text: "", written: "", given, ...unmarked(), done: false };
      draft.text += event.text || "";
      if (event.end) {
        // Without a name that the model guessed.
        draft.text = event.whole ?? draft.text;
        Object.assign(draft, { written: draft.text, ...marked(event), done: true });
        cut = cut || (event.end === "length" && event.draft === 0);
      }
      if (event.draft === 0 && shown !== place && (!draft.seen)) { draft.seen = true; shown = place; }
      if (place === shown) show();
      list();
      if (event.end) enable();
    }
    say(best !== null && best !== shown ? texts.best.replace("{n}", best + 1) : cut ? texts.too_long : texts.done);
  } catch (error) {
    say(explain(error));
  }
  running = null;
  // Without a first draft, the sheet still has the one before, which belongs to what it was written for.
  if (!drafts[0]) [drafts, shown, attempt, id] = before;
  for (const draft of drafts) if (draft && !draft.done) Object.assign(draft, { written: draft.text, done: true });
  for (const update of [enable, show, list, mark]) update();
  if ([document.body, $("stop")].includes(document.activeElement)) focused.focus();
}

function stop() { if (running) running.abort(); }

// -- what is shown

function unmarked() { return { lost: [], added: [], guessed: [], fine: false }; }

// What the server found in a draft; `fine`: nothing is missing or new.
function marked({ lost, added, guessed }) { return { lost, added, guessed, fine: !lost.length && !added.length }; }

// Marks of a text after it was edited; those that the edit touched are gone.
function moved(spans, before, after) {
  const shorter = Math.min(before.length, after.length);
  let start = 0, end = 0;
  while (start < shorter && before[start] === after[start]) start += 1;
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  const shift = after.length - before.length;
  return spans.flatMap(([from, to]) => to < start ? [[from, to]] : from > before.length - end ? [[from + shift, to + shift]] : []);
}

function show() {
  const draft = drafts[shown];
  if (draft && sheet.value !== draft.text) sheet.value = draft.text;
  paint();
}

function paint(kept = null) {
  const draft = drafts[shown] || { text: sheet.value, ...unmarked(), done: false };
  const text = sheet.value, behind = $("behind");
  const current = draft.done && draft.text === text;
  const added = current ? draft.added : [], guessed = current ? draft.guessed : [];
  const spans = [...added.map((span) => [...span, ""]), ...guessed.map((span) => [...span, "guessed"])].sort((a, b) => a[0] - b[0]);
  const marked = kept ? [[...kept, "kept"]] : spans;
  behind.replaceChildren();
  let place = 0;
  for (const [start, end, kind] of marked) {
    behind.append(text.slice(place, start), element("mark", text.slice(start, end), kind ? { class: kind } : {}));
    place = end;
  }
  // A last line break has no height without something after it.
  behind.append(text.slice(place) + "\n");
  document.body.classList.toggle("writing", running !== null);
  describe(draft, text, added, guessed);
}

// The next words of the same line, with which a place can be found again.
function following(text, end) { return text.slice(end).match(/^(?:[^\S\n]+[^\s]+){0,2}/)[0]; }

function describe(draft, text, added, guessed) {
  const marks = $("marks"), parts = [];
  if (draft.lost.length) {
    const line = element("p", texts.lost);
    for (const fact of draft.lost) line.append(element("b", fact));
    parts.push(line);
  }
  for (const [kind, spans] of Object.entries({ added, guessed })) {
    if (!spans.length) continue;
    const line = element("p", texts[kind], { class: kind });
    for (const [index, [start, end]] of spans.entries()) {
      // A pronoun alone does not say where it is.
      const shownText = kind === "guessed" ? text.slice(start, end) + following(text, end) : text.slice(start, end);
      const button = element("button", shownText, { type: "button" });
      // Where the mark is by then.
      button.addEventListener("click", () => { sheet.focus(); sheet.setSelectionRange(...drafts[shown][kind][index]); });
      line.append(button);
    }
    parts.push(line);
  }
  if (draft.fine && draft.text === text) parts.push(element("p", texts.checked, { class: "fine" }));
  fill(marks, parts);
}

function list() {
  const group = $("drafts");
  if (drafts.length < 2) { group.replaceChildren(); return; }
  while (group.children.length > drafts.length) group.lastChild.remove();
  for (let index = 0; index < drafts.length; index++) {
    const draft = drafts[index] || {};
    let button = group.children[index];
    if (!button) {
      button = element("button", String(index + 1), { type: "button", role: "radio" });
      button.addEventListener("click", () => choose(index));
      group.append(button);
    }
    button.classList.toggle("best", draft.best === true);
    button.setAttribute("aria-label", texts.draft + " " + (index + 1) + (draft.best ? ", " + texts.suggested : ""));
    button.setAttribute("aria-checked", String(index === shown));
    button.tabIndex = index === shown ? 0 : -1;
  }
}

function choose(index) {
  if (!drafts[index]) return;
  keepTyped();
  shown = index;
  for (const update of [show, list, enable]) update();
}

function enable() {
  $("write").disabled = !ready || running !== null;
  $("write").hidden = running !== null;
  $("stop").hidden = running === null;
  sheet.readOnly = running !== null && !(drafts[shown] && drafts[shown].done);
  const written = sheet.value.trim() !== "" && !sheet.readOnly, changeable = written && running === null && ready;
  for (const button of $("changes").children) button.disabled = !changeable || !fields.request.value.trim();
  for (const name of ["copy", "save"]) $(name).disabled = !written;
}

// -- the draft as edited

// A draft belongs to the form that it was written for, and what is typed there belongs to it until the request changes.
function edited() {
  id ||= crypto.randomUUID();
  const draft = drafts[shown] || {};
  if (draft.given && draft.given.request === fields.request.value) draft.given = form();
  return { ...(draft.given || form()), id, draft: sheet.value, written: draft.written || "", attempt };
}

async function mark() {
  if (!sheet.value.trim() || running) return;
  const text = sheet.value, draft = drafts[shown];
  try {
    const found = await (await post("/page/marks", edited())).json();
    if (typed === text) typed = "";
    // The sheet may show another draft by now.
    if (running || sheet.value !== text) return;
    drafts[shown] = Object.assign(draft ?? { written: "" }, marked(found), { text, done: true });
    paint();
    await remember();
  } catch (error) {
    say(explain(error));
    if (draft) draft.fine = false;
    paint();
  }
}

function edit() {
  const draft = drafts[shown], text = typed = sheet.value;
  if (draft) {
    for (const kind of ["added", "guessed"]) draft[kind] = moved(draft[kind], draft.text, text);
    Object.assign(draft, { text, fine: draft.fine && text.trim() !== "" });
  }
  paint();
  enable();
  clearTimeout(marking);
  marking = setTimeout(() => { marking = 0; mark(); }, 600);
}

// Before the sheet is replaced: what was typed last is in the history, too.
function keepTyped() {
  if (!marking) return;
  clearTimeout(marking);
  marking = 0;
  mark();
}

// The sentence at the cursor, or what is selected.
function sentence() {
  const text = sheet.value;
  let start = sheet.selectionStart, end = sheet.selectionEnd;
  if (start === end) {
    const ends = /[.!?…]+(?=\s|$)|\n/g;
    let from = 0, to = text.length;
    for (const found of text.matchAll(ends)) {
      const after = found.index + found[0].length;
      if (after <= start && text.slice(after).trim()) from = after;
      else if (found[0] === "\n" ? found.index >= start : after >= start) { to = found[0] === "\n" ? found.index : after; break; }
    }
    [start, end] = [from, to];
  }
  while (start < end && /\s/.test(text[start])) start += 1;
  while (end > start && /\s/.test(text[end - 1])) end -= 1;
  return [start, end];
}

// Places in a text as the server counts them.
function points([start, end]) {
  return [[...sheet.value.slice(0, start)].length, [...sheet.value.slice(0, end)].length];
}

async function save() {
  try {
    const answer = await post("/page/draft.eml", lastEdit = edited());
    const named = /filename\*=UTF-8''([^;]+)/.exec(answer.headers.get("Content-Disposition"));
    const link = element("a", "", { href: URL.createObjectURL(await answer.blob()), download: named ? decodeURIComponent(named[1]) : "draft.eml" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    const leftOut = decodeURIComponent(answer.headers.get("X-Left-Out") ?? "");
    const some = answer.headers.get("X-Recipients") !== "0";
    say(!leftOut ? texts.saved : some ? texts.saved_left_out.replace("{names}", () => leftOut) : texts.saved_without_to);
    showLearning(learns, learningIsFixed);
  } catch (error) { say(explain(error)); }
}

async function copy() {
  try {
    await navigator.clipboard.writeText(sheet.value);
  } catch {
    // Without permission for the clipboard, as the browser's own menu copies.
    sheet.select();
    document.execCommand("copy");
  }
  say(texts.copied);
  try {
    await post("/page/copied", lastEdit = edited());
    showLearning(learns, learningIsFixed);
  } catch (error) { say(texts.copied + " " + explain(error)); }
  mark();
}

// -- learning from edits

function showLearning(state, isFixed) {
  [learns, learningIsFixed] = [state, isFixed];
  $("learn").hidden = learns !== "ask" || lastEdit === null;
  $("learning").hidden = learns === "ask" || (learns === "no" && isFixed);
  $("learning-state").textContent = texts["learning_" + learns] || "";
  $("learning-change").textContent = learns === "yes" ? texts.learning_stop : texts.learning_start;
  $("learning-change").hidden = isFixed;
}

async function learn(answer) {
  const wasAsked = learns === "ask", focused = $("learn").contains(document.activeElement);
  try {
    showLearning((await (await post("/page/learning", { learn: answer })).json()).learns, false);
    // The button with the focus is hidden now.
    if (focused) $("learning-change").focus();
    if (answer && wasAsked && lastEdit) await post("/page/copied", lastEdit);
  } catch (error) { say(explain(error)); }
}

async function remember() {
  const entries = await (await fetch("/page/history")).json();
  $("history").hidden = entries.length === 0;
  $("history").querySelector("ol").replaceChildren(...entries.map((entry) => {
    const item = element("li", ""), button = element("button", entry.request + " — " + entry.draft.replace(/\s+/g, " "), { type: "button" });
    button.addEventListener("click", () => recall(entry));
    item.append(button);
    return item;
  }));
}

function recall(entry) {
  if (running) return;
  keepTyped();
  for (const name of Object.keys(fields)) fields[name].value = entry[name];
  hideHint();
  mail = { message_id: entry.message_id, references: entry.references };
  showMail();
  [id, attempt] = [entry.id, entry.attempt];
  drafts = [{ text: entry.draft, written: entry.written, given: form(), ...unmarked(), done: true }];
  shown = 0;
  for (const update of [show, list, enable, mark]) update();
  // The list of earlier drafts is about to be made anew, with the button that has the focus.
  sheet.focus();
}

// -- the mail to answer

async function take(files) {
  const [file] = files;
  if (!file) return;
  say(texts.reading);
  try {
    // Attachments, which come last, are not needed.
    const found = await (await post("/page/mail", file.slice(0, MAX_MAIL))).json();
    fields.context.value = found.text;
    fields.recipient.value = found.to;
    fields.subject.value = found.subject;
    mail = { message_id: found.message_id, references: found.references };
    showMail();
    fields.request.focus();
    say(found.is_cut ? texts.mail_cut : files.length > 1 ? texts.one_mail.replace("{name}", () => file.name) : texts.mail_taken);
  } catch (error) {
    // Without its end, a large file may have no text, and an .msg file cannot be read.
    say(explain(error.message === "not_a_mail" && file.size > MAX_MAIL ? new Error("too_large") : error));
  }
}

function showMail() {
  const is = fields.context.value.trim() !== "";
  if (is) $("answer").open = true;
  $("remove").hidden = !is;
}

function removeMail() {
  fields.context.value = fields.recipient.value = fields.subject.value = "";
  forgetMail();
  fields.context.focus();
}

// A draft without the mail that it answers belongs to no thread.
function forgetMail() {
  $("file").value = "";
  mail = { message_id: "", references: [] };
  $("remove").hidden = true;
}

// Whether something was typed that is not in the history.
function isUnwritten() {
  if (typed.trim()) return true;
  const request = fields.request.value;
  return request.trim() !== "" && !drafts.some((draft) => draft?.done && draft.given?.request === request);
}

// -- events

$("asked").addEventListener("submit", (event) => { event.preventDefault(); write("first"); });
$("stop").addEventListener("click", stop);
$("copy").addEventListener("click", copy);
$("save").addEventListener("click", save);
$("remove").addEventListener("click", removeMail);
$("file").addEventListener("change", () => take($("file").files));
sheet.addEventListener("input", edit);
fields.request.addEventListener("input", () => {
  hideHint();
  enable();
  if (fields.request.value.length >= fields.request.maxLength) say(texts.request_cut);
});
fields.context.addEventListener("input", () => {
  if (!fields.context.value.trim()) forgetMail();
  if (fields.context.value.length >= MAX_TEXT) say(texts.mail_cut);
});
// The browser asks whether to leave; a page that was left and reopened has empty fields.
window.addEventListener("beforeunload", (event) => { if (isUnwritten()) event.preventDefault(); });
for (const [name, answer] of [["yes", true], ["no", false]]) $("learn-" + name).addEventListener("click", () => learn(answer));
$("learning-change").addEventListener("click", () => learn(learns !== "yes"));
for (const button of $("changes").children) {
  const change = button.dataset.change;
  button.addEventListener("click", () => write(change, change === "keep" ? points(sentence()) : [0, 0]));
  if (change !== "keep") continue;
  for (const name of ["mouseenter", "focus"]) button.addEventListener(name, () => { if (!running && sheet.value) paint(sentence()); });
  for (const name of ["mouseleave", "blur"]) button.addEventListener(name, () => paint());
}
$("drafts").addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  choose((shown + step + drafts.length) % drafts.length);
  $("drafts").children[shown].focus();
});
// The Latin letter of a key, also where the keyboard writes others.
function letter(event) {
  return (/^[a-z]$/i.test(event.key) ? event.key : event.code.replace(/^Key/, "")).toLowerCase();
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") stop();
  if (!(event.ctrlKey || event.metaKey)) return;
  if (event.key === "Enter") { event.preventDefault(); write("first"); }
  if (letter(event) === "s") { event.preventDefault(); if ($("save").disabled) say(texts.nothing_to_save); else save(); }
});
for (const name of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    if (!event.dataTransfer || ![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    document.body.classList.toggle("dropping", name === "dragover");
    if (name === "drop") take(event.dataTransfer.files);
  });
}
new IntersectionObserver(([status]) => $("echo").classList.toggle("away", status.isIntersecting)).observe($("status"));
enable();
paint();
watchModel();
remember().catch((error) => say(explain(error)));
