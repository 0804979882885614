module github.com/stapledjwt/stapled/interop

go 1.26

replace github.com/stapledjwt/stapled => ..

require github.com/stapledjwt/stapled v0.0.0

require (
	github.com/go-jose/go-jose/v4 v4.1.3 // indirect
	golang.org/x/crypto v0.49.0 // indirect
)
