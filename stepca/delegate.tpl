{
	"subject": {{ toJson .Subject }},
	"keyUsage": ["digitalSignature"],
	"extKeyUsage": ["OCSPSigning"],
	"extensions": [{"id": "1.3.6.1.5.5.7.48.1.5", "value": "BQA="}]
}
