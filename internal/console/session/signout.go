package session

import (
	"context"
	"errors"
	"net/http"
	"time"

	"trueup/internal/access"
)

// revokeTimeout limits the request that revokes a refresh token: the person waits for it.
const revokeTimeout = 3 * time.Second

// SignOut ends the session of the browser, revokes its refresh token, and sends the browser to the
// issuer's page for signing out, from which it returns to Home. Where there is no such page, it goes to
// Home at once. It does the same without a session.
func (k *Keeper) SignOut(w http.ResponseWriter, r *http.Request) error {
	return k.leave(w, r, k.store.Delete)
}

// SignOutEverywhere is SignOut, and ends all other sessions of the person as well. Without a session it
// is SignOut: it is not known whose sessions they are.
func (k *Keeper) SignOutEverywhere(w http.ResponseWriter, r *http.Request) error {
	return k.leave(w, r, func(ctx context.Context, s Session) error {
		if err := k.store.DeleteAll(ctx, s.Person); err != nil {
			return err
		}
		return k.store.Delete(ctx, s)
	})
}

// leave ends sessions and sends the browser to the issuer. The session is deleted before the issuer is
// asked, so that nothing that the issuer does keeps the person signed in.
func (k *Keeper) leave(w http.ResponseWriter, r *http.Request, end func(context.Context, Session) error) error {
	ctx := r.Context()
	c, err := k.open(ctx, r)
	signedIn := err == nil
	if err != nil && !errors.Is(err, ErrNoSession) {
		return err
	}
	if signedIn {
		if err := end(ctx, c.Session); err != nil {
			return err
		}
		k.log.InfoContext(ctx, "signed out", "subject", c.caller.Subject, access.RequestIDKey, access.CallFrom(ctx).RequestID)
	}
	http.SetCookie(w, cookie(cookieName, "", -1))
	dropLogins(w, r, 0)
	// Whatever the issuer does from here on, the person is signed out.
	if signedIn {
		revoking, cancel := context.WithTimeout(ctx, revokeTimeout)
		defer cancel()
		if err := k.issuer.revoke(revoking, c.Refresh); err != nil {
			k.log.WarnContext(ctx, "refresh token not revoked", "error", err, access.RequestIDKey, access.CallFrom(ctx).RequestID)
		}
	}
	to := Home
	if p, err := k.issuer.provider(ctx); err == nil {
		if page := p.leave(k.issuer.client, k.origin+Home, c.Hint); page != "" {
			to = page
		}
	}
	redirect(w, r, to)
	return nil
}
