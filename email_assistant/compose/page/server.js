// Requests to the server.

// Its answer to `body`, a file or what is sent as JSON; raises an Error whose message is the code of what was wrong.
export async function post(path, body, signal) {
  const json = !(body instanceof Blob);
  const answer = await fetch(path, {
    method: "POST",
    headers: json ? { "Content-Type": "application/json" } : { "Content-Type": "application/octet-stream" },
    body: json ? JSON.stringify(body) : body,
    signal,
  });
  if (answer.ok) return answer;
  const known = { 401: "access", 413: "too_large", 429: "busy" }[answer.status];
  if (known) throw new Error(known);
  const { error } = await answer.json();
  throw new Error(error.code);
}

// The objects of an answer that has one in each line, as they arrive.
export async function* lines(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    for (const part of parts) yield JSON.parse(part);
  }
}
