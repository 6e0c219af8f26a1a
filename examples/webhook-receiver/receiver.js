#!/usr/bin/env node
// Receives mail as webhook calls and prints a line for each: receiver.js [PORT]
//
// WEBHOOK_SECRET has the webhook's signing secret; two with a space between while it is being changed.
// WEBHOOK_CHECK=plain goes by X-EmailConnect-Signature alone, for a sender without the headers of Standard Webhooks.
// It needs nothing but Node 16.
'use strict'
const crypto = require('node:crypto')
const http = require('node:http')

const tolerance = 300 // Seconds that a call may be old, or ahead.
const largest = 64 << 20 // Bytes: a message of 25 MiB, with its attachments in Base64.
const remembered = 100_000 // Ids. Whoever acts on mail keeps them where a restart does not lose them.

/** Why a call is not taken. */
class Refused extends Error {
  constructor(status, text) {
    super(text)
    this.status = status
  }
}

/** What Standard Webhooks signs with: `whsec_` and Base64 stands for the bytes that it encodes. */
const secretBytes = secret => secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret)

/** Takes as long for a signature that is nearly right as for any other. */
function isSame(one, other) {
  const [left, right] = [Buffer.from(one), Buffer.from(other)]
  return left.length === right.length && crypto.timingSafeEqual(left, right)
}

const wrongSignature = () => new Refused(401, "the signature is another one; is WEBHOOK_SECRET the webhook's?")

/** Checks Standard Webhooks' signature, over the id, the time, and the body as it came. */
function verify(headers, body, secrets, now) {
  const { 'webhook-id': id = '', 'webhook-timestamp': stamp = '', 'webhook-signature': signatures = '' } = headers
  if (!/^[0-9]{1,11}$/.test(stamp)) throw new Refused(401, 'webhook-timestamp is missing or no number')
  const wanted = secrets.map(secret =>
    'v1,' + crypto.createHmac('sha256', secretBytes(secret)).update(`${id}.${stamp}.`).update(body).digest('base64'))
  const given = signatures.split(' ')
  if (!given.some(one => wanted.some(other => isSame(one, other)))) throw wrongSignature()
  if (Math.abs(now - Number(stamp)) > tolerance) throw new Refused(401, 'the call is too old, or the clocks differ')
}

/** Checks X-EmailConnect-Signature, over the body as it came. It has no time: an old call looks like a new one. */
function verifyPlain(headers, body, secrets) {
  const given = headers['x-emailconnect-signature'] ?? ''
  const wanted = secrets.map(secret => crypto.createHmac('sha256', secret).update(body).digest('hex'))
  if (!wanted.some(other => isSame(given, other))) throw wrongSignature()
}

/** Without what could be taken for another line, or for a command to the terminal. */
const oneLine = text => text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?')

/** One line, whatever the sender has put into the header. */
function line(email) {
  const { from, subject } = email.message
  const sender = from.length > 0 ? from[0].address : 'nobody'
  return oneLine(`${email.recipient} <- ${sender}: ${subject || '(no subject)'}`)
}

/** The code of a call that asks whether this endpoint wants to be called; undefined for mail. */
function codeOf(call) {
  if (call.type !== 'webhook.verification') return undefined
  // It goes into the answer: only what cannot be taken for anything else.
  if (typeof call.code !== 'string' || !/^[0-9A-Za-z]{1,128}$/.test(call.code)) throw new TypeError()
  return call.code
}

/** What was taken, each once: the same email comes again when an answer was lost on its way. */
const seen = new Set()

/** What to answer with: the code of a verification, nothing to mail. */
function take(headers, body, secrets, isPlain) {
  if (isPlain) verifyPlain(headers, body, secrets)
  else verify(headers, body, secrets, Date.now() / 1000)
  let email, code, text
  try {
    email = JSON.parse(body)
    code = codeOf(email)
    text = code === undefined ? line(email) : oneLine(`verified: ${email.webhook.id} calls here`)
  } catch {
    throw new Refused(400, 'the body is no email')
  }
  if (code === undefined && seen.has(email.id)) return ''
  process.stdout.write(text + '\n')
  if (code !== undefined) return code
  // Only now: what went wrong before this comes again.
  seen.add(email.id)
  if (seen.size > remembered) seen.delete(seen.values().next().value)
  return ''
}

/** The body as it came. */
async function read(request) {
  const length = request.headers['content-length'] ?? ''
  if (!/^[0-9]+$/.test(length)) throw new Refused(411, 'say how long the body is')
  if (Number(length) > largest) throw new Refused(413, 'the body is too large')
  const parts = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts)
}

const secrets = (process.env.WEBHOOK_SECRET ?? '').split(' ').filter(Boolean)
if (secrets.length === 0) {
  console.error("error: WEBHOOK_SECRET is empty; set it to the webhook's signing secret")
  process.exit(1)
}
const server = http.createServer(async (request, response) => {
  response.setHeader('Connection', 'close')
  try {
    if (request.method !== 'POST') throw new Refused(501, 'only POST')
    const answer = take(request.headers, await read(request), secrets, process.env.WEBHOOK_CHECK === 'plain')
    response.writeHead(answer ? 200 : 204).end(answer)
  } catch (error) {
    if (error instanceof Refused) response.writeHead(error.status).end(error.message)
    else response.destroy()
  }
})
server.requestTimeout = 30_000
server.listen(Number(process.argv[2] ?? 8090), '127.0.0.1', () => {
  console.error(`listening on http://127.0.0.1:${server.address().port}/`)
})
