package conformance

import (
	"net/http"
	"slices"
	"strings"
)

// Remedy is the line of one library that is probably missing.
type Remedy struct {
	Library string `json:"library"`
	Line    string `json:"line"`
}

// remedy holds a line for each of libraries, in that order. {scope} and
// {role} in a line stand for the scope and the role of the endpoint.
type remedy [9]string

var libraries = [len(remedy{})]string{
	"FastAPI, PyJWT", "FastAPI, python-jose", "fastapi-azure-auth",
	"Express, jose", "passport-azure-ad",
	"Microsoft.Identity.Web", "Spring Security",
	"golang-jwt", "go-oidc",
}

// languages are the programming languages of libraries, in that order.
var languages = [len(remedy{})]string{"Python", "Python", "Python", "Node", "Node", ".NET", "Java", "Go", "Go"}

// servers maps values of the response headers Server and X-Powered-By to the API's language.
var servers = map[string]string{
	"uvicorn": "Python", "hypercorn": "Python", "gunicorn": "Python", "werkzeug": "Python", "waitress": "Python", "daphne": "Python", "aiohttp": "Python", "tornadoserver": "Python", "cheroot": "Python", "granian": "Python",
	"express": "Node", "kestrel": ".NET", "asp.net": ".NET",
}

// language returns the programming language of the API that sent a header, "" if the header does
// not show it.
func language(header http.Header) string {
	said := strings.ToLower(header.Get("Server") + " " + header.Get("X-Powered-By"))
	for name, language := range servers {
		if strings.Contains(said, name) {
			return language
		}
	}
	return ""
}

// Likely returns the remedies for the language of the API; all if the language is not known.
func (f Finding) Likely() (all []Remedy) {
	for _, r := range f.Remedies {
		if f.language != "" && languages[slices.Index(libraries[:], r.Library)] == f.language {
			all = append(all, r)
		}
	}
	if len(all) == 0 {
		return f.Remedies
	}
	return all
}

// lines returns the remedy's lines with the values of an endpoint filled in.
func (r remedy) lines(e endpoint) []Remedy {
	var all []Remedy
	for _, one := range r.forValues(e) {
		for i, line := range one.remedy {
			if line != "" {
				all = append(all, Remedy{libraries[i], one.values.Replace(line)})
			}
		}
	}
	return all
}

// Sources of the lines, compared with these versions:
//   - PyJWT 2.6: jwt.decode, PyJWKClient (jwt/api_jwt.py, jwt/jwks_client.py)
//   - python-jose 3.3: jwt.decode and its options (jose/jwt.py); it checks aud only if it is there
//   - fastapi-azure-auth 5.0: auth.py, user.py, openid_config.py; scopes= and allow_guest_users=False answer 401
//   - jose 5: jwtVerify, createRemoteJWKSet (types.d.ts, jwks/remote.d.ts)
//   - passport-azure-ad 4: README.md, bearerstrategy.js; it reads access_token of a parsed body
//   - Microsoft.Identity.Web, ASP.NET Core: learn.microsoft.com, RequiredScopeAttribute, JwtBearerOptions,
//     AadTokenValidationParametersExtension, "Protected web API: Verify scopes and app roles"
//   - Spring Security 6: reference, "OAuth 2.0 Resource Server JWT"; properties of Spring Boot 3
//   - golang-jwt v5.3: parser_option.go; keyfunc v3: NewDefaultCtx
//   - go-oidc v3: oidc/verify.go, which permits an nbf 5 minutes ahead
var (
	remedyRequire = remedy{
		`app = FastAPI(dependencies=[Depends(verified_token)])  # with HTTPBearer(auto_error=False) and 401 where it returns None`,
		`app = FastAPI(dependencies=[Depends(verified_token)])  # with HTTPBearer(auto_error=False) and 401 where it returns None`,
		`app = FastAPI(dependencies=[Security(azure_scheme)])`,
		`app.use(requireToken)  // before the routes; it reads the header Authorization: Bearer and nothing else`,
		`app.use(passport.authenticate("oauth-bearer", { session: false }))  // before the routes, and before express.json() and express.urlencoded(): it also reads access_token of a body`,
		`app.MapControllers().RequireAuthorization();`,
		`http.authorizeHttpRequests(a -> a.anyRequest().authenticated()).oauth2ResourceServer(o -> o.jwt(withDefaults()))`,
		`http.Handle("/", requireToken(mux))  // it reads the header Authorization: Bearer and nothing else`,
		`http.Handle("/", requireToken(mux))  // it reads the header Authorization: Bearer and nothing else`,
	}
	remedyPublic = remedy{
		`@public_router.get(...)  # a router without the dependency that verifies tokens`,
		`@public_router.get(...)  # a router without the dependency that verifies tokens`,
		`@public_router.get(...)  # a router without Security(azure_scheme)`,
		`app.get("/health", ...)  // before app.use(requireToken)`,
		`app.get("/health", ...)  // before app.use(passport.authenticate(...))`,
		`[AllowAnonymous]`,
		`a.requestMatchers("/health").permitAll()`,
		`outer.HandleFunc("GET /health", health)  // outside requireToken`,
		`outer.HandleFunc("GET /health", health)  // outside requireToken`,
	}
	remedySignature = remedy{
		`jwt.decode(token, jwks.get_signing_key_from_jwt(token).key, algorithms=["RS256"], audience=AUDIENCE, issuer=ISSUER)  # no verify_signature: False`,
		`jwt.decode(token, jwks, algorithms=["RS256"], audience=AUDIENCE, issuer=ISSUER)  # not get_unverified_claims`,
		`user = Security(azure_scheme, scopes=["{scope}"])  # no jwt.decode of your own`,
		`await jwtVerify(token, createRemoteJWKSet(new URL(JWKS_URI)), { algorithms: ["RS256"], issuer: ISSUER, audience: AUDIENCE })  // not decodeJwt`,
		`passport.authenticate("oauth-bearer", { session: false })  // with BearerStrategy, not jsonwebtoken's decode`,
		`builder.Services.AddMicrosoftIdentityWebApiAuthentication(builder.Configuration);  // no SignatureValidator, no RequireSignedTokens = false`,
		`NimbusJwtDecoder.withJwkSetUri(jwksUri).jwsAlgorithm(SignatureAlgorithm.RS256).build()`,
		`jwt.ParseWithClaims(raw, &claims, jwks.Keyfunc, jwt.WithValidMethods([]string{"RS256"}))  // not ParseUnverified`,
		`verifier.Verify(ctx, raw)  // oidc.Config without InsecureSkipSignatureCheck`,
	}
	remedyAudience = remedy{
		`jwt.decode(token, key, algorithms=["RS256"], audience=AUDIENCE, issuer=ISSUER)`,
		`jwt.decode(token, key, algorithms=["RS256"], audience=AUDIENCE, issuer=ISSUER, options={"require_aud": True})`,
		`SingleTenantAzureAuthorizationCodeBearer(app_client_id=API_CLIENT_ID, tenant_id=TENANT_ID)`,
		`await jwtVerify(token, JWKS, { audience: AUDIENCE, issuer: ISSUER, algorithms: ["RS256"] })`,
		`new BearerStrategy({ identityMetadata, clientID: API_CLIENT_ID, audience: AUDIENCE, issuer: ISSUER, validateIssuer: true }, verify)`,
		`"AzureAd": { "TenantId": TENANT_ID, "ClientId": API_CLIENT_ID, "Audience": AUDIENCE }  // and ValidateAudience = true`,
		`spring.security.oauth2.resourceserver.jwt.audiences=AUDIENCE`,
		`jwt.ParseWithClaims(raw, &claims, jwks.Keyfunc, jwt.WithAudience(audience), jwt.WithIssuer(issuer), jwt.WithValidMethods([]string{"RS256"}))`,
		`provider.Verifier(&oidc.Config{ClientID: audience})  // without SkipClientIDCheck`,
	}
	remedySettings = remedyAudience
	remedyIssuer   = remedy{
		`jwt.decode(token, key, algorithms=["RS256"], audience=AUDIENCE, issuer=ISSUER)  # the issuer of your tenant, not of common`,
		`jwt.decode(token, key, algorithms=["RS256"], audience=AUDIENCE, issuer=ISSUER)  # the issuer of your tenant, not of common`,
		`SingleTenantAzureAuthorizationCodeBearer(app_client_id=API_CLIENT_ID, tenant_id=TENANT_ID)`,
		`await jwtVerify(token, JWKS, { issuer: ISSUER, audience: AUDIENCE, algorithms: ["RS256"] })`,
		`new BearerStrategy({ identityMetadata, clientID: API_CLIENT_ID, validateIssuer: true, issuer: ISSUER }, verify)`,
		`"AzureAd": { "TenantId": TENANT_ID, "ClientId": API_CLIENT_ID }  // a tenant, not common; ValidateIssuer = true`,
		`spring.security.oauth2.resourceserver.jwt.issuer-uri=ISSUER`,
		`jwt.ParseWithClaims(raw, &claims, jwks.Keyfunc, jwt.WithIssuer(issuer), jwt.WithAudience(audience))`,
		`oidc.NewProvider(ctx, issuer)  // oidc.Config without SkipIssuerCheck`,
	}
	remedyDates = remedy{
		`jwt.decode(token, key, algorithms=["RS256"], audience=AUDIENCE, issuer=ISSUER, options={"require": ["exp"]})  # no verify_exp: False, no verify_nbf: False`,
		`jwt.decode(token, key, algorithms=["RS256"], audience=AUDIENCE, issuer=ISSUER, options={"require_exp": True})  # no verify_exp: False, no verify_nbf: False`,
		`SingleTenantAzureAuthorizationCodeBearer(app_client_id=API_CLIENT_ID, tenant_id=TENANT_ID, leeway=0)`,
		`await jwtVerify(token, JWKS, { requiredClaims: ["exp"], clockTolerance: "1m", issuer: ISSUER, audience: AUDIENCE })`,
		`new BearerStrategy({ identityMetadata, clientID: API_CLIENT_ID, clockSkew: 300 }, verify)`,
		`options.TokenValidationParameters.ValidateLifetime = true;  // and RequireExpirationTime = true`,
		`decoder.setJwtValidator(JwtValidators.createDefaultWithIssuer(issuer))  // it contains JwtTimestampValidator`,
		`jwt.ParseWithClaims(raw, &claims, jwks.Keyfunc, jwt.WithExpirationRequired(), jwt.WithLeeway(time.Minute))`,
		`provider.Verifier(&oidc.Config{ClientID: audience})  // without SkipExpiryCheck; it accepts a token up to 5 minutes before its nbf`,
	}
	remedyScope = remedy{
		`if "{scope}" not in claims.get("scp", "").split(): raise HTTPException(403)`,
		`if "{scope}" not in claims.get("scp", "").split(): raise HTTPException(403)`,
		`if "{scope}" not in user.claims.get("scp", "").split(): raise HTTPException(403)  # scopes=["{scope}"] of Security answers 401`,
		`if (!(payload.scp ?? "").split(" ").includes("{scope}")) return res.sendStatus(403)`,
		`if (!(req.authInfo.scp ?? "").split(" ").includes("{scope}")) return res.sendStatus(403)`,
		`[RequiredScope("{scope}")]`,
		`a.requestMatchers(path).hasAuthority("SCOPE_{scope}")`,
		`if !slices.Contains(strings.Fields(claims.Scp), "{scope}") { http.Error(w, "forbidden", 403); return }`,
		`if !slices.Contains(strings.Fields(claims.Scp), "{scope}") { http.Error(w, "forbidden", 403); return }`,
	}
	remedyRole = remedy{
		`if "{role}" not in claims.get("roles", []): raise HTTPException(403)`,
		`if "{role}" not in claims.get("roles", []): raise HTTPException(403)`,
		`if "{role}" not in user.roles: raise HTTPException(403)`,
		`if (!(payload.roles ?? []).includes("{role}")) return res.sendStatus(403)`,
		`if (!(req.authInfo.roles ?? []).includes("{role}")) return res.sendStatus(403)`,
		`[Authorize(Roles = "{role}")]`,
		`a.requestMatchers(path).hasAuthority("{role}")  // with setAuthoritiesClaimName("roles") and setAuthorityPrefix("")`,
		`if !slices.Contains(claims.Roles, "{role}") { http.Error(w, "forbidden", 403); return }`,
		`if !slices.Contains(claims.Roles, "{role}") { http.Error(w, "forbidden", 403); return }`,
	}
	remedyOptional = remedy{
		`name = claims.get("name", "")  # not claims["name"]: optional claims are missing in some tokens, and names have any characters`,
		`name = claims.get("name", "")  # not claims["name"]: optional claims are missing in some tokens, and names have any characters`,
		`name = user.claims.get("name", "")  # optional claims are missing in some tokens, and names have any characters`,
		`const name = payload.name ?? "";  // optional claims are missing in some tokens, and names have any characters`,
		`const name = req.authInfo.name ?? "";  // optional claims are missing in some tokens, and names have any characters`,
		`var name = User.FindFirst("name")?.Value;  // null in some tokens`,
		`String name = jwt.getClaimAsString("name");  // null in some tokens`,
		`if claims.Name == "" { … }  // optional claims are missing in some tokens, and names have any characters`,
		`if claims.Name == "" { … }  // optional claims are missing in some tokens, and names have any characters`,
	}
	remedyCallers = remedy{
		`if claims.get("idtyp") == "app" or "scp" not in claims: raise HTTPException(403)  # an application, not a user`,
		`if claims.get("idtyp") == "app" or "scp" not in claims: raise HTTPException(403)  # an application, not a user`,
		`if user.claims.get("idtyp") == "app" or not user.scp: raise HTTPException(403)`,
		`if (payload.idtyp === "app" || !payload.scp) return res.sendStatus(403)`,
		`if (req.authInfo.idtyp === "app" || !req.authInfo.scp) return res.sendStatus(403)`,
		`[RequiredScope("{scope}")]  // for users; [RequiredScopeOrAppPermission(...)] admits applications too`,
		`a.requestMatchers(path).access((auth, c) -> new AuthorizationDecision(!"app".equals(((JwtAuthenticationToken) auth.get()).getToken().getClaim("idtyp"))))`,
		`if claims.Idtyp == "app" || claims.Scp == "" { http.Error(w, "forbidden", 403); return }`,
		`if claims.Idtyp == "app" || claims.Scp == "" { http.Error(w, "forbidden", 403); return }`,
	}
	remedyCache = remedy{
		`key = (claims["oid"], str(request.url))  # of the cache, and behind the check of the token`,
		`key = (claims["oid"], str(request.url))  # of the cache, and behind the check of the token`,
		`key = (user.oid, str(request.url))  # of the cache, and behind Security(azure_scheme)`,
		`const key = payload.oid + req.originalUrl  // of the cache, and behind requireToken`,
		`const key = req.authInfo.oid + req.originalUrl  // of the cache, and behind passport.authenticate`,
		`[ResponseCache(NoStore = true)]  // and no OutputCache policy that caches requests with Authorization`,
		`@Cacheable(key = "#authentication.name + #id")  // behind the security filter chain`,
		`key := claims.OID + r.URL.String()  // of the cache, and behind the check of the token`,
		`key := claims.OID + r.URL.String()  // of the cache, and behind the check of the token`,
	}
	remedyDecision = remedy{
		`key = hashlib.sha256(token.encode()).digest()  # of the cache of decisions: the token, and not oid or azp`,
		`key = hashlib.sha256(token.encode()).digest()  # of the cache of decisions: the token, and not oid or azp`,
		`key = hashlib.sha256(user.access_token.encode()).digest()  # of the cache of decisions: the token, and not oid or azp`,
		`const key = createHash("sha256").update(token).digest("hex")  // of the cache of decisions: the token, and not oid or azp`,
		`const key = createHash("sha256").update(token).digest("hex")  // of the cache of decisions: the token, and not oid or azp`,
		`var key = SHA256.HashData(Encoding.UTF8.GetBytes(token));  // of the cache of decisions: the token, and not oid or azp`,
		`@PreAuthorize(...)  // without a cache of decisions, or with authentication.token.tokenValue as its key`,
		`key := sha256.Sum256([]byte(raw))  // of the cache of decisions: the token, and not oid or azp`,
		`key := sha256.Sum256([]byte(raw))  // of the cache of decisions: the token, and not oid or azp`,
	}
	remedyUsersRefused = remedy{
		`if claims.get("idtyp") != "app": raise HTTPException(403)  # a user; idtyp is an optional claim of the API's registration`,
		`if claims.get("idtyp") != "app": raise HTTPException(403)  # a user; idtyp is an optional claim of the API's registration`,
		`if user.claims.get("idtyp") != "app": raise HTTPException(403)  # a user; idtyp is an optional claim of the API's registration`,
		`if (payload.idtyp !== "app") return res.sendStatus(403)  // a user; idtyp is an optional claim of the API's registration`,
		`if (req.authInfo.idtyp !== "app") return res.sendStatus(403)  // a user; idtyp is an optional claim of the API's registration`,
		`options.AddPolicy("applications", p => p.RequireClaim("idtyp", "app"));  // an optional claim of the API's registration`,
		`a.requestMatchers(path).access((auth, c) -> new AuthorizationDecision("app".equals(((JwtAuthenticationToken) auth.get()).getToken().getClaim("idtyp"))))`,
		`if claims.Idtyp != "app" { http.Error(w, "forbidden", 403); return }  // a user; idtyp is an optional claim of the API's registration`,
		`if claims.Idtyp != "app" { http.Error(w, "forbidden", 403); return }  // a user; idtyp is an optional claim of the API's registration`,
	}
	remedyApplications = remedy{
		`if "scp" not in claims and "{role}" in claims.get("roles", []): return claims  # an application: its token has roles and no scp`,
		`if "scp" not in claims and "{role}" in claims.get("roles", []): return claims  # an application: its token has roles and no scp`,
		`if not user.scp and "{role}" in user.roles: return user  # an application: its token has roles and no scp`,
		`if (!payload.scp && (payload.roles ?? []).includes("{role}")) return next()  // an application: its token has roles and no scp`,
		`if (!req.authInfo.scp && (req.authInfo.roles ?? []).includes("{role}")) return next()  // and no scope option of BearerStrategy`,
		`[RequiredScopeOrAppPermission(AcceptedScope = new[] { "{scope}" }, AcceptedAppPermission = new[] { "{role}" })]`,
		`a.requestMatchers(path).hasAnyAuthority("SCOPE_{scope}", "{role}")  // an application's token has roles and no scp`,
		`if claims.Scp == "" && slices.Contains(claims.Roles, "{role}") { next.ServeHTTP(w, r); return }  // an application: its token has roles and no scp`,
		`if claims.Scp == "" && slices.Contains(claims.Roles, "{role}") { next.ServeHTTP(w, r); return }  // an application: its token has roles and no scp`,
	}
	remedyGroup = remedy{
		`if GROUP_ID not in claims.get("groups", []): raise HTTPException(403)  # none where the token has _claim_names: ask Graph for them`,
		`if GROUP_ID not in claims.get("groups", []): raise HTTPException(403)  # none where the token has _claim_names: ask Graph for them`,
		`if GROUP_ID not in user.claims.get("groups", []): raise HTTPException(403)`,
		`if (!(payload.groups ?? []).includes(GROUP_ID)) return res.sendStatus(403)`,
		`if (!(req.authInfo.groups ?? []).includes(GROUP_ID)) return res.sendStatus(403)`,
		`options.AddPolicy("group", p => p.RequireClaim("groups", GROUP_ID));`,
		`a.requestMatchers(path).hasAuthority(GROUP_ID)  // with setAuthoritiesClaimName("groups") and setAuthorityPrefix("")`,
		`if !slices.Contains(claims.Groups, groupID) { http.Error(w, "forbidden", 403); return }`,
		`if !slices.Contains(claims.Groups, groupID) { http.Error(w, "forbidden", 403); return }`,
	}
	remedyOwner = remedy{
		`if order.owner != claims["oid"]: raise HTTPException(404)  # on every method, and in the query of lists`,
		`if order.owner != claims["oid"]: raise HTTPException(404)  # on every method, and in the query of lists`,
		`if order.owner != user.claims["oid"]: raise HTTPException(404)`,
		`if (order.owner !== payload.oid) return res.sendStatus(404)`,
		`if (order.owner !== req.authInfo.oid) return res.sendStatus(404)`,
		`if (order.Owner != User.GetObjectId()) return NotFound();`,
		`@PreAuthorize("@orders.isOwner(#id, authentication.token.claims['oid'])")`,
		`if order.Owner != claims.OID { http.NotFound(w, r); return }`,
		`if order.Owner != claims.OID { http.NotFound(w, r); return }`,
	}
	remedyGuests = remedy{
		`if claims.get("acct") != 0: raise HTTPException(403)  # the optional claim acct of the API's registration`,
		`if claims.get("acct") != 0: raise HTTPException(403)  # the optional claim acct of the API's registration`,
		`if user.claims.get("acct") != 0: raise HTTPException(403)  # allow_guest_users=False answers 401`,
		`if (payload.acct !== 0) return res.sendStatus(403)`,
		`if (req.authInfo.acct !== 0) return res.sendStatus(403)`,
		`options.AddPolicy("members", p => p.RequireClaim("acct", "0"));`,
		`a.requestMatchers(path).access((auth, c) -> new AuthorizationDecision(Long.valueOf(0).equals(((JwtAuthenticationToken) auth.get()).getToken().getClaim("acct"))))`,
		`if claims.Acct == nil || *claims.Acct != 0 { http.Error(w, "forbidden", 403); return }`,
		`if claims.Acct == nil || *claims.Acct != 0 { http.Error(w, "forbidden", 403); return }`,
	}
	remedyStatus = remedy{
		`except jwt.PyJWTError: raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})  # 403 only once the token is verified`,
		`except JWTError: raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})  # 403 only once the token is verified`,
		`SingleTenantAzureAuthorizationCodeBearer(..., auto_error=True)  # 401 by itself; raise HTTPException(403) in the route`,
		`jwtVerify(...).catch(() => res.set("WWW-Authenticate", "Bearer").sendStatus(401))  // 403 only once the token is verified`,
		`passport.authenticate("oauth-bearer", { session: false })  // 401 by itself; send 403 in the route`,
		`app.UseAuthentication(); app.UseAuthorization();  // in this order`,
		`http.exceptionHandling(e -> e.authenticationEntryPoint(new BearerTokenAuthenticationEntryPoint()))`,
		`if err != nil { w.Header().Set("WWW-Authenticate", "Bearer"); http.Error(w, "unauthorized", 401); return }`,
		`if err != nil { w.Header().Set("WWW-Authenticate", "Bearer"); http.Error(w, "unauthorized", 401); return }`,
	}
	remedyErrors = remedy{
		`except (jwt.PyJWTError, ValueError, KeyError): raise HTTPException(401, "Unauthorized")  # a fixed text; FastAPI(debug=False)`,
		`except (JWTError, ValueError, KeyError): raise HTTPException(401, "Unauthorized")  # a fixed text; FastAPI(debug=False)`,
		`app = FastAPI(debug=False)`,
		`app.use((err, req, res, next) => res.status(err.status ?? 500).json({ error: "request failed" }))  // NODE_ENV=production`,
		`app.use((err, req, res, next) => res.status(err.status ?? 500).json({ error: "request failed" }))  // NODE_ENV=production`,
		`app.UseExceptionHandler("/error");  // and no UseDeveloperExceptionPage`,
		`server.error.include-stacktrace=never`,
		`if err != nil { http.Error(w, "unauthorized", 401); return }  // a fixed text, not err.Error()`,
		`if err != nil { http.Error(w, "unauthorized", 401); return }  // a fixed text, not err.Error()`,
	}
	remedyRoute = remedy{
		`app = FastAPI(dependencies=[Depends(verified_token)])  # instead of a middleware that compares request.url.path`,
		`app = FastAPI(dependencies=[Depends(verified_token)])  # instead of a middleware that compares request.url.path`,
		`app = FastAPI(dependencies=[Security(azure_scheme)])`,
		`app.use(requireToken)  // without a condition on req.path, req.url, req.method or a header`,
		`app.use(passport.authenticate("oauth-bearer", { session: false }))  // without a condition on req.path`,
		`options.FallbackPolicy = options.DefaultPolicy;`,
		`http.authorizeHttpRequests(a -> a.anyRequest().authenticated())  // and no WebSecurityCustomizer that ignores paths`,
		`mux.Handle("GET /orders", requireToken(orders))  // around the handler, not by r.URL.Path`,
		`mux.Handle("GET /orders", requireToken(orders))  // around the handler, not by r.URL.Path`,
	}
	remedyMethod = remedy{
		`@app.api_route("/orders", methods=["GET", "HEAD"], dependencies=[Depends(verified_token)])  # one check for all methods; remove methods that are not needed`,
		`@app.api_route("/orders", methods=["GET", "HEAD"], dependencies=[Depends(verified_token)])  # one check for all methods; remove methods that are not needed`,
		`@app.api_route("/orders", methods=["GET", "HEAD"], dependencies=[Security(azure_scheme)])  # one check for all methods; remove methods that are not needed`,
		`app.all("/orders", requireToken)  // before the handlers of the methods, without a condition on req.method`,
		`app.all("/orders", passport.authenticate("oauth-bearer", { session: false }))  // before the handlers of the methods`,
		`[Authorize] public class OrdersController  // on the controller, not on single methods`,
		`a.requestMatchers("/orders/**").authenticated()  // without an HttpMethod`,
		`mux.Handle("/orders", requireToken(orders))  // around the handler of every method, without a condition on r.Method`,
		`mux.Handle("/orders", requireToken(orders))  // around the handler of every method, without a condition on r.Method`,
	}
	remedyBody = remedy{
		`def delete_user(token=Depends(verified_token)): require_role(token, "{role}")  # in the handler or resolver that runs, not before it`,
		`def delete_user(token=Depends(verified_token)): require_role(token, "{role}")  # in the handler or resolver that runs, not before it`,
		`def delete_user(user: User = Security(azure_scheme)): require_role(user, "{role}")  # in the handler or resolver that runs`,
		`methods["deleteUser"] = (params, token) => { requireRole(token, "{role}"); … }  // in the handler or resolver that runs, not before it`,
		`methods["deleteUser"] = (params, req) => { requireRole(req.authInfo, "{role}"); … }  // in the handler or resolver that runs`,
		`[Authorize(Roles = "{role}")]  // on the resolver or method that runs`,
		`@PreAuthorize("hasAuthority('{role}')")  // on the resolver or method that runs`,
		`func (r *resolver) DeleteUser(ctx context.Context) error { if err := requireRole(ctx, "{role}"); err != nil { return err } … }`,
		`func (r *resolver) DeleteUser(ctx context.Context) error { if err := requireRole(ctx, "{role}"); err != nil { return err } … }`,
	}
	remedyKeyTenant = remedy{
		`key["issuer"].replace("{tenantid}", claims["tid"]) == claims["iss"]  # key: the entry of the key set that the kid names`,
		`key["issuer"].replace("{tenantid}", claims["tid"]) == claims["iss"]  # key: the entry of the key set that the kid names`,
		`MultiTenantAzureAuthorizationCodeBearer(…, validate_iss=True, iss_callable=issuer_of_tenant)  # and compare the issuer of the key`,
		`if (jwk.issuer.replace("{tenantid}", claims.tid) !== claims.iss) throw new Error("key of another tenant")`,
		`validateIssuer: true, issuer: […]  // and compare the issuer of the key with iss`,
		`options.TokenValidationParameters.EnableAadSigningKeyIssuerValidation();  // Microsoft.IdentityModel.Validators`,
		`if (!jwkIssuer.replace("{tenantid}", jwt.getClaimAsString("tid")).equals(jwt.getIssuer().toString())) throw …  // an OAuth2TokenValidator`,
		`if strings.ReplaceAll(key.Issuer, "{tenantid}", claims.TenantID) != claims.Issuer { return errKeyOfAnotherTenant }`,
		`if strings.ReplaceAll(key.Issuer, "{tenantid}", claims.TenantID) != claims.Issuer { return errKeyOfAnotherTenant }`,
	}
	remedyKeys = remedy{
		`jwks = PyJWKClient(JWKS_URI, cache_jwk_set=True, lifespan=300)  # one for the process; keep the last key set that had keys`,
		`fetch the key set when a kid is unknown, at most once a minute, and keep the last one that had keys`,
		`azure_scheme.openid_config  # one azure_scheme for the process; it reads the keys again once a day`,
		`const JWKS = createRemoteJWKSet(new URL(JWKS_URI), { cooldownDuration: 30000, cacheMaxAge: 600000 })  // once, outside the handler`,
		`passport.use(new BearerStrategy(options, verify))  // once, at the start`,
		`options.RefreshInterval = TimeSpan.FromMinutes(1);  // JwtBearerOptions; RefreshOnIssuerKeyNotFound = true`,
		`NimbusJwtDecoder.withJwkSetUri(jwksUri).cache(cache).build()  // one bean`,
		`jwks, err := keyfunc.NewDefaultCtx(ctx, []string{jwksURI})  // once, at the start`,
		`oidc.NewRemoteKeySet(ctx, jwksURI)  // once, at the start`,
	}
)
