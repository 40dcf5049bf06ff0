// A correct API on Node's HTTP server. The first argument names the library
// that checks tokens; the environment contains their issuer and audience.
import http from 'node:http'

const { ISSUER, AUDIENCE, JWKS_URI, REQUIRES } = process.env
const audiences = AUDIENCE.split(' ')
const requires = JSON.parse(REQUIRES)

const libraries = {
  async jose() {
    const { createRemoteJWKSet, jwtVerify } = await import('jose')
    const keys = createRemoteJWKSet(new URL(JWKS_URI), { cooldownDuration: Number(process.argv[3] ?? 50) })
    return async token => (await jwtVerify(token, keys, { issuer: ISSUER, audience: audiences, algorithms: ['RS256'] })).payload
  },
  async jsonwebtoken() {
    const jwt = (await import('jsonwebtoken')).default
    const jwksClient = (await import('jwks-rsa')).default
    const client = jwksClient({ jwksUri: JWKS_URI, cache: true })
    const key = (header, done) => client.getSigningKey(header.kid, (err, found) => done(err, found?.getPublicKey()))
    return token => new Promise((resolve, reject) =>
      jwt.verify(token, key, { issuer: ISSUER, audience: audiences, algorithms: ['RS256'] },
        (err, claims) => err ? reject(err) : resolve(claims)))
  },
}

const verify = await libraries[process.argv[2]]()

const list = value => Array.isArray(value) ? value : []

function allowed(claims, { scopes = [], anyRole = [], allRoles = [], callers = [] }) {
  const held = typeof claims.scp === 'string' ? claims.scp.split(' ') : []
  const roles = list(claims.roles)
  const application = claims.idtyp ? claims.idtyp === 'app' : !claims.scp && claims.oid === claims.sub
  if (callers.length === 0) callers = scopes.length > 0 ? ['users'] : ['users', 'applications']
  return callers.includes(application ? 'applications' : 'users') &&
    (application || scopes.every(scope => held.includes(scope))) &&
    (anyRole.length === 0 || anyRole.some(role => roles.includes(role))) &&
    allRoles.every(role => roles.includes(role))
}

const server = http.createServer(async (request, response) => {
  const answer = (status, body, headers = {}) => {
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers })
    response.end(JSON.stringify(body))
  }
  const route = `${request.method} ${request.url.split('?')[0]}`
  if (route === 'GET /health') return answer(200, { status: 'ok' })
  if (!(route in requires)) return answer(404, { detail: 'Not found' })
  const found = /^Bearer +([^ ]+)$/i.exec(request.headers.authorization ?? '')
  let claims
  try {
    if (!found) throw new Error('no token')
    claims = await verify(found[1])
  } catch {
    return answer(401, { detail: 'Unauthorized' }, { 'WWW-Authenticate': 'Bearer' })
  }
  if (!allowed(claims, requires[route])) return answer(403, { detail: 'Forbidden' })
  answer(200, { status: 'ok' })
})
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
