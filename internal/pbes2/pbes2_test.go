// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package pbes2_test

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/stapledjwt/stapled/internal/pbes2"
)

// The same key, as OpenSSL 3.0 encrypts it with the password "correct".
const plain = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgb24o+Iifn81EYD8FlnKWcvkNwK8oBvKhwswn664T3imhRANCAATDEaN4spQzPudJ2vmbWzB/Z2z0jCSUTzMh/fy9JoO6gcIjaGNolWqFPINt+Blz9t1NfRW6dRxq0tutZXvKCE+i"

var encrypted = []struct{ name, der string }{
	{"PBKDF2, SHA-256, AES-256", "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgOqoCMGq7nDAICCAAwDAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEDKqOCM5VuSRU2Zqx1kbGvgEgZAvva4/sXIEdjxoAzefDwl9TGaTxShETf6ZASILX458nE2+FFpIXMjlJvNqEgKk0WVGxEgMxBYd+d4t4CshSn1BDfawxKVhYmeTeyjknTsIK4z0IFRgdHo7j1sssbAjQ9USBykBKfzyxoIryOjJL7BVifIVX6X/nrqhrsRsDNS1q03XrtMoNRDuAhKHps2M7yk="},
	{"PBKDF2, SHA-1, AES-128", "MIHeMEkGCSqGSIb3DQEFDTA8MBsGCSqGSIb3DQEFDDAOBAiWxbD5bU7ImwICCAAwHQYJYIZIAWUDBAECBBATRMr2yaUuxmhDjGGue237BIGQ14c9MYak+tvij/U9y8YpBNsHvvxvCCXqvKCmbOoQ50Chb0wNTmJgQN83xNLF4vRwTky5dAh9SdIErh9Xw5YDepQRW165AjYrO1zp6yq6VWFGpLENzV03BnwIJGbGsZpQDImlfpjTv9OoJ6RZPc6gmv/3FRvU0m7WPeKlfgZlSmIXtSxIZbIfDtaqG7MhxMgx"},
	{"PBKDF2, SHA-512, AES-192", "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgUfRrFJR3wlQICCAAwDAYIKoZIhvcNAgsFADAdBglghkgBZQMEARYEEAnKjHJUxvSLy96YGDB2HMgEgZDW45dRqHjPAywk7k26iADHuItvkCMRPfWsWWTq2ucY3voI+sxblL9Mpwhn3Q6YBhvWtLbakU0z0dj3sLI7NJ5QKJpuCUPA5mnoydpxtnP840gVJrajZgPU3eBlhWIa6kiTR1IOPqkF4AoksMr5HaePz6T7v6VFQjqXzMREC4PokedQ+YOKQqRkridlq+KcwMA="},
	{"PBKDF2, SHA-256, triple DES", "MIHjME4GCSqGSIb3DQEFDTBBMCkGCSqGSIb3DQEFDDAcBAjxaOiu6XN+ggICCAAwDAYIKoZIhvcNAgkFADAUBggqhkiG9w0DBwQIZ9r0fM/OU00EgZDe1p5ibUXiA4ABXN5erHTnjzvcKugDW65wMNGUQdKz+S6FWlaFGC1zVvzF0vzffD9aI+iBH7D8f+/nMOu1jZKC65kb5Eg66De3ErzIQkcJbVgxDEOYFs8hidt6/KP3f0vp90ucGxQvAafsmmx34iA9I5ZwMAQXW4OMdD86I8e2d1yQLaGssVGmlU0JnQFi3Zs="},
	{"scrypt, AES-256", "MIHkME8GCSqGSIb3DQEFDTBCMCEGCSsGAQQB2kcECzAUBAh4+sVe6UsfJgICQAACAQgCAQEwHQYJYIZIAWUDBAEqBBBtEnUMHp7R/+dTsviVEJISBIGQFfpdQeQOtZ49dARH6XyDoBRT9n7SBfqKZHqJP740eb/FOxMIGen0/3dbMqUy9wfmhIl9oZVC/K8vzEl1zSucKmMKqWr76pkMj/B7jL+JGXdNC6taCk+8LgyAjLQX/IPuLyNPaHtZ3bExK5t5NuBTsE69rAOef8Y6MLaM5paDLMxXAHUXjnEB4usPpTlefUrm"},
}

func decode(t *testing.T, text string) []byte {
	t.Helper()
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestDecrypt(t *testing.T) {
	for _, row := range encrypted {
		t.Run(row.name, func(t *testing.T) {
			der := decode(t, row.der)
			got, err := pbes2.Decrypt(der, []byte("correct"))
			if err != nil || base64.StdEncoding.EncodeToString(got) != plain {
				t.Errorf("%x, %v", got, err)
			}
			for _, password := range []string{"", "Correct", "correct\n"} {
				if got, err := pbes2.Decrypt(der, []byte(password)); !errors.Is(err, pbes2.ErrPassword) || got != nil {
					t.Errorf("password %q: %x, %v", password, got, err)
				}
			}
		})
	}
}

func TestUnsupported(t *testing.T) {
	for _, row := range []struct{ name, der, want string }{
		{"PBES1", "MIGxMBwGCiqGSIb3DQEMAQMwDgQIjjcrFuF8yi0CAggABIGQvQdHpxAy95JMFQ7dQKKl9swaBY/fHRDNoqKgI/Sq94Cy3mJwH6NVAjmCjmeUNgr2OX7yleAiGqhIaF/IPySSoMWZ7dMgPDcnpylfIrKJWZOTrJZD20haouAjFtuMIb5jdQKGxkTMldRIGhZRkeGt4bunstGkJSbu4ENG70MdSdowDiNAFmeQwcPkNqYKMsmT", "1.2.840.113549.1.12.1.3"},
		{"camellia", "MIHuMFkGCSqGSIb3DQEFDTBMMCkGCSqGSIb3DQEFDDAcBAh35GJ+kUfk2QICCAAwDAYIKoZIhvcNAgkFADAfBgsqgwiMmks9AQEBBAQQKupZFCrY6CY5YohywO4mRASBkGSs48a9JSh3DgvOpzyJszLWX/tx853yLbE2K08cWRS/WWiYbzRO3nBGVxk3Ajz3L9jht5KvVAtbSfR/Zs0n7uOcSwkc+6/L/gecyxWgE1JbwgjzISJM5RpuPvkuByfBDGTzEvhhHG9TBeuQdJn/MWUa0h8ZMMr1jhRun5fYnr74yC6ovoOcnnIgPaJQ+pDaKg==", "1.2.392.200011.61.1.1.1.4"},
	} {
		_, err := pbes2.Decrypt(decode(t, row.der), []byte("correct"))
		if err == nil || errors.Is(err, pbes2.ErrPassword) || !strings.Contains(err.Error(), "not supported") || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v", row.name, err)
		}
	}
}

// TestDamaged: what cannot be decrypted is neither a panic nor a matter of hours.
func TestDamaged(t *testing.T) {
	good := hex.EncodeToString(decode(t, encrypted[0].der))
	scrypt := hex.EncodeToString(decode(t, encrypted[4].der))
	for _, row := range []struct{ name, der, old, changed string }{
		{"empty", "", "", ""},
		{"cut off", good[:100], "", ""},
		{"more behind it", good + "00", "", ""},
		{"no iterations", good, "02020800", "02020000"},
		{"short initialization vector", good, "041032aa", "040f32aa"},
		{"much memory", scrypt, "02024000", "02027fff"},
		{"no block", scrypt, "020108", "020100"},
	} {
		t.Run(row.name, func(t *testing.T) {
			changed := strings.Replace(row.der, row.old, row.changed, 1)
			if row.old != "" && changed == row.der {
				t.Fatal("the test has changed nothing")
			}
			der, err := hex.DecodeString(changed)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := pbes2.Decrypt(der, []byte("correct")); err == nil || got != nil {
				t.Errorf("%x, %v", got, err)
			}
		})
	}
}

func FuzzDecrypt(f *testing.F) {
	for _, row := range encrypted {
		der, err := base64.StdEncoding.DecodeString(row.der)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(der)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		if got, err := pbes2.Decrypt(der, []byte("correct")); (err == nil) != (got != nil) {
			t.Errorf("%x, %v", got, err)
		}
	})
}
