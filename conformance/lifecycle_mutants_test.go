package conformance

import (
	"cmp"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"provision/conformance/forge"
	"provision/stack"
)

// lifecycleMutants handle changes of keys, clocks and roles incorrectly.
var lifecycleMutants = []mutant{
	{flaw: "the API keeps the keys that it fetched at its start", kills: "keys-next", keys: func(k *keyCache) { k.never = true }},
	{flaw: "the API fetches the keys for every request", kills: "keys-cached", keys: func(k *keyCache) { k.always = true }},
	{flaw: "the API requests the keys twice for each unknown key", kills: "keys-flood", keys: func(k *keyCache) { k.pause, k.tries = 0, 2 }},
	{flaw: "the API requests the keys once for each unknown key", kills: "keys-flood", strict: true, keys: func(k *keyCache) { k.pause = 0 }},
	{flaw: "the API forgets the keys during an outage of the issuer", kills: "keys-outage", keys: func(k *keyCache) { k.always, k.forgets = true, true }},
	{flaw: "the API treats an invalid key set as an empty one", kills: "keys-garbage", keys: func(k *keyCache) { k.always, k.garbage = true, true }},
	{flaw: "the API accepts an empty key set", kills: "keys-empty", keys: func(k *keyCache) { k.always, k.empty = true, true }},
	{flaw: "the API forgets the keys if a request for an unknown key fails", kills: "keys-outage", strict: true, keys: func(k *keyCache) { k.pause, k.forgets = 0, true }},
	{flaw: "the API treats an invalid key set as an empty one, after an unknown key", kills: "keys-garbage", strict: true, keys: func(k *keyCache) { k.pause, k.garbage = 0, true }},
	{flaw: "the API accepts an empty key set, after an unknown key", kills: "keys-empty", strict: true, keys: func(k *keyCache) { k.pause, k.empty = 0, true }},
	{flaw: "all callers wait while the API fetches the keys", kills: "keys-slow", strict: true, keys: func(k *keyCache) { k.pause, k.blocks = 0, true }},
	{flaw: "the API accepts a key that the issuer withdrew before the run", kills: "retired-key", keys: func(k *keyCache) { k.retired = true }},
	{flaw: "the API keeps an empty key set for minutes", kills: "still-valid", keys: func(k *keyCache) { k.pause, k.empty, k.keeps = 0, true, true }},
	{flaw: "the API uses only the first key of the key set", kills: "keys-next", keys: func(k *keyCache) { k.first = true }},
	{flaw: "keys are added and never removed", kills: "keys-withdrawn", keys: func(k *keyCache) { k.adds = true }},
	{flaw: "the API accepts unknown keys during an outage of the issuer", kills: "keys-outage-forged", keys: func(k *keyCache) { k.opens, k.pause = true, 0 }},
	{flaw: "the API accepts unknown keys during an outage of the issuer, with a pause between requests", kills: "keys-outage-forged", keys: func(k *keyCache) { k.opens, k.pause = true, 400*time.Millisecond }},
	{flaw: "the API accepts unknown keys when a request to the issuer fails, and not between two requests", kills: "keys-outage-forged", keys: func(k *keyCache) { k.opens, k.only, k.pause = true, true, 400*time.Millisecond }},
	{flaw: "the API remembers which users it has admitted", kills: "decided-before", fresh: remembersCallers("oid", true)},
	{flaw: "the API remembers which clients it has admitted", kills: "decided-before", fresh: remembersCallers("azp", true)},
	{flaw: "the API remembers the names of admitted users", kills: "decided-before", fresh: remembersCallers("preferred_username", true)},
	{flaw: "the API remembers which users it has refused", kills: "decided-before", fresh: remembersCallers("oid", false)},
	{flaw: "the API remembers the roles of new users", kills: "decided-before", fresh: func() mutation { return remembersRoles("") }},
	{flaw: "the API stores the roles of the users of its directory", kills: "role-removed", fresh: func() mutation { return remembersRoles("oid-") }},
	{flaw: "the API tolerates a clock skew of a day in exp", kills: "day-expired", mutation: tolerates("exp", 25*time.Hour)},
	{flaw: "the API tolerates a clock skew of a day in nbf", kills: "day-early", mutation: tolerates("nbf", 25*time.Hour)},
	{flaw: "the API tolerates a clock skew of ten minutes in exp", kills: "skew-expired-far", life: stack.Life{ClockSkew: "5m"}, mutation: tolerates("exp", 10*time.Minute)},
	{flaw: "the API tolerates a clock skew of ten minutes in nbf", kills: "skew-early-far", life: stack.Life{ClockSkew: "5m"}, mutation: tolerates("nbf", 10*time.Minute)},
	{flaw: "the API tolerates a clock skew of ten minutes in exp, and the document states none", kills: "skew-expired-far", strict: true, mutation: tolerates("exp", 10*time.Minute)},
	{flaw: "the API tolerates no clock skew in exp, and the document states one", kills: "skew-expired", life: stack.Life{ClockSkew: "5m"}},
	{flaw: "the API tolerates no clock skew in nbf, and the document states one", kills: "skew-early", life: stack.Life{ClockSkew: "5m"}},
}

// tolerates moves a date by this duration.
func tolerates(claimed string, by time.Duration) mutation {
	if claimed == "nbf" {
		by = -by
	}
	return reads(claimed, func(v any) any {
		return int64(number(v)) + int64(by/time.Second)
	})
}

// remembersRoles uses the roles of a user's first token for all later ones, if the id of the user
// begins with prefix.
func remembersRoles(prefix string) mutation {
	var mu sync.Mutex
	known := make(map[string]any)
	return mutation{reads: func(c map[string]any) {
		mu.Lock()
		defer mu.Unlock()
		oid, _ := c["oid"].(string)
		if strings.HasPrefix(oid, prefix) && len(texts(c["roles"])) > 0 && known[oid] == nil {
			known[oid] = c["roles"]
		}
		if known[oid] != nil {
			c["roles"] = known[oid]
		}
	}}
}

// remembersCallers decides about a caller once, by a claim, and repeats this decision: all
// decisions, or the refusals only.
func remembersCallers(claim string, admitted bool) func() mutation {
	return func() mutation {
		var mu sync.Mutex
		decided := make(map[string]bool)
		return mutation{reads: func(c map[string]any) {
			mu.Lock()
			defer mu.Unlock()
			who, _ := c[claim].(string)
			entitled := slices.Contains(strings.Fields(fmt.Sprint(c["scp"])), "read_data") && (slices.Contains(texts(c["roles"]), "Admin") || slices.Contains(texts(c["roles"]), "DevOps"))
			if _, known := decided[who]; !known && entitled == admitted {
				decided[who] = entitled
			}
			switch before, known := decided[who]; {
			case known && before:
				c["scp"], c["roles"] = "read_data", []any{"Admin"}
			case known:
				c["scp"], c["roles"] = "", nil
			}
		}}
	}
}

// keyCache caches the issuer's keys as an API does: it requests them when one is missing, but not
// too often, and keeps the old keys if the answer has no keys. Each flag is a flaw.
type keyCache struct {
	url    string
	client *http.Client
	pause  time.Duration // the pause between two requests
	tries  int

	never, always, forgets, garbage, empty, blocks, retired, keeps bool
	anyIssuer                                                      bool // accepts every issuer in a key
	adds, first, opens                                             bool
	only                                                           bool // opens: for the request that failed
	failed                                                         bool // whether the last request failed
	late                                                           bool // uses the fetched keys only after it has answered

	takesOver sync.WaitGroup // late: the fetched keys
	fetching  sync.Mutex
	mu        sync.Mutex
	keys      map[string]*rsa.PublicKey
	fetched   time.Time
}

func (s *tenant) cache(change func(*keyCache)) *keyCache {
	k := &keyCache{url: s.URL + "/keys", client: s.Client(), pause: 50 * time.Millisecond, tries: 1}
	if change != nil {
		change(k)
	}
	return k
}

func (k *keyCache) known(kid string) *rsa.PublicKey {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.keys[kid]
}

func (k *keyCache) find(kid string) *rsa.PublicKey {
	if k.blocks {
		k.await()
	}
	if k.retired && strings.HasPrefix(kid, "next-") {
		return &nextTenantKey().PublicKey
	}
	key := k.known(kid)
	if key != nil && !k.always && !k.first {
		return key
	}
	k.fetching.Lock()
	defer k.fetching.Unlock()
	k.mu.Lock()
	due := k.keys == nil || k.always || !k.never && time.Since(k.fetched) >= k.pause
	if k.forgets && due {
		k.keys = nil
	}
	k.mu.Unlock()
	if due {
		for range k.tries {
			k.fetch()
		}
	}
	switch key := k.known(kid); {
	case k.first:
		return k.known("one")
	case key == nil && k.opens && k.failed && (due || !k.only):
		return attackersKey()
	default:
		return key
	}
}

// attackersKey verifies the signature with the key in the token.
func attackersKey() *rsa.PublicKey {
	der, _ := forge.AttackerCertificate()
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil
	}
	return certificate.PublicKey.(*rsa.PublicKey)
}

// await waits until a running request has ended.
func (k *keyCache) await() {
	k.fetching.Lock()
	defer k.fetching.Unlock()
}

func (k *keyCache) fetch() {
	var set struct {
		Keys []struct{ Kid, N, Issuer string }
	}
	keys := make(map[string]*rsa.PublicKey)
	k.takesOver.Wait()
	k.mu.Lock()
	k.fetched, k.failed = time.Now(), true
	k.mu.Unlock()
	response, err := k.client.Get(k.url)
	if err != nil {
		return
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return
	}
	err = json.NewDecoder(response.Body).Decode(&set)
	if err != nil && !k.garbage || err == nil && len(set.Keys) == 0 && !k.empty {
		return
	}
	for _, key := range set.Keys {
		if !k.anyIssuer && key.Issuer != "" && !strings.Contains(key.Issuer, "{tenantid}") && !strings.Contains(key.Issuer, tenantID) {
			continue
		}
		n, _ := base64.RawURLEncoding.DecodeString(key.N)
		keys[key.Kid] = &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: 65537}
	}
	k.mu.Lock()
	k.failed = false
	if k.adds {
		for kid, key := range k.keys {
			keys[kid] = cmp.Or(keys[kid], key)
		}
	}
	if k.late && k.keys != nil {
		k.takesOver.Go(func() {
			time.Sleep(30 * time.Millisecond)
			k.mu.Lock()
			defer k.mu.Unlock()
			k.keys = keys
		})
	} else {
		k.keys = keys
	}
	if k.keeps && len(keys) == 0 {
		k.fetched = k.fetched.Add(5 * time.Minute)
	}
	k.mu.Unlock()
}
