package main

import "github.com/versity/versitygw/auth"

// oneAccount is the gateway's single-account mode, except that it denies an unknown access key as S3 does, with 403
// InvalidAccessKeyId; the gateway's own mode answers 404, which a client cannot tell from a missing object.
type oneAccount struct{ auth.IAMService }

func newOneAccount(accessKey, secretKey string) oneAccount {
	return oneAccount{auth.NewIAMServiceSingle(auth.Account{Access: accessKey, Secret: secretKey, Role: auth.RoleAdmin})}
}

// GetUserAccount returns the one account, or auth.ErrNoSuchUser.
func (a oneAccount) GetUserAccount(access string) (auth.Account, error) {
	account, err := a.IAMService.GetUserAccount(access)
	if err != nil {
		return auth.Account{}, auth.ErrNoSuchUser
	}
	return account, nil
}
