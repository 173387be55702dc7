// Requests; an error carries its remedy.
import {model} from "./model.js";

async function read(response) {
	let body = null;
	// An answer without JSON is reported by its status.
	try {body = await response.json()} catch {}
	if (response.ok && body) return body;
	const error = new Error(body?.error || `the server answered ${response.status}`);
	error.remedy = body?.remedy || "";
	error.status = response.status;
	throw error;
}

function unreachable(error) {
	if (error.name === "AbortError") throw error;
	const out = new Error("the server is not reached");
	out.remedy = "The page connects again by itself; repeat the act then.";
	throw out;
}

export const ask = (path, signal) => fetch(path, {signal, headers: {Accept: "application/json"}}).catch(unreachable).then(read);

export const act = (path, body) => fetch(path, {
	method: "POST", headers: {"Content-Type": "application/json", "X-CSRF-Token": model.csrf}, body: JSON.stringify(body),
}).catch(unreachable).then(read);
