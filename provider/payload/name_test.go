// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"strings"
	"testing"
)

func TestLooksLikeName(t *testing.T) {
	cases := map[string]struct {
		reason string
		keys   string
		want   bool
	}{
		"Variables":   {"Names of variables are plausible.", "POSTGRES_PASSWORD DB PG_DB_HA_RW_URL SMTP_HOST_2 AUTH0_CLIENT_ID EC2_INSTANCE_ID MONGODB_URI_V2 WEBSITE_CONTENTAZUREFILECONNECTIONSTRING APPLICATIONINSIGHTS_CONNECTION_STRING", true},
		"Camels":      {"Names of properties are plausible.", "connectionString connectionStringForReportingDatabase AzureWebJobsStorage2 s3AccessKeyIdForBackupBucketEuWest1 clientIdForUaeDevApi sqlServerConnectionStringForHttpApi storageAccountKey1", true},
		"Digits":      {"Words with digits are plausible.", "oauth2ClientSecret sha256WithRsaKey base64EncodedP12Cert x509CertB64 k8sClusterToken awsS3BucketEuW1Id utf8mb4Collation amqp091Url o365TenantId log4jConfigV2 b2cClientId jwtHS256SigningKey", true},
		"Dots":        {"Names of files and settings are plausible.", "tls.crt ca.crt spring.datasource.password appsettings.Production.json api-key backup-2026-11-29", true},
		"Short":       {"Short names are plausible.", "a A1 x 2024", true},
		"Lower":       {"Joined words are plausible.", "connectionstringforreportingdatabase applicationinsights2instrumentationkey", true},
		"Hex":         {"Hashes and keys are not names.", "5d41402abc4b2a76b9719d911017c592 5D41402ABC4B2A76B9719D911017C592 9e107d9d372bb682", false},
		"UUID":        {"UUIDs are not names.", "123e4567-e89b-12d3-a456-426614174000 00000000-0000-0000-0000-000000000000 f47ac10b-58cc-4372-a567-0e02b2c3d479", false},
		"Tokens":      {"Tokens of services are not names.", "ghp_16C7e42F292c6912E7710c838347" + "Ae178B4a sk_live_51H8xT2e" + "ZvKYlo2C glpat-x7Kq9Zr2Wv5Tn8Bp3Lmd AIzaSyD9xK3vQ7mN2pL5wR8tB1cF4gH6jY0zAeU", false},
		"AccessKeys":  {"Access keys of AWS are not names.", "AKIAIOSFODNN7EXAMPLE AKIAIOSFODNNXEXAMPLE ASIAIOSFODNNSEXAMPLE", false},
		"Base32":      {"Keys of authenticators are not names.", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", false},
		"Base64URL":   {"Random bytes are not names.", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk Zq7XkW9vJp2Ls5RtYh8N", false},
		"JWT":         {"JSON Web Tokens and their parts are not names.", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.SflKxwRJSMeKKF2QT4 eyJhbGciOiJIUzI1NiJ9", false},
		"Numbers":     {"Card and account numbers are not names.", "4111111111111111 123456789012", false},
		"WordsNumber": {"A number that is longer than a date is not part of a name.", "connection-string-of-customer-account-123456789", false},
		"Long":        {"Long texts are not names.", strings.Repeat("word", 17), false},
		"Others":      {"Texts with other characters are not names.", "a/b a:b é aGk=", false},
		"NothingElse": {"Separators alone are not a token.", "- _ . --", true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			for key := range strings.FieldsSeq(tc.keys) {
				if got := looksLikeName(key); got != tc.want {
					t.Errorf("\n%s\nlooksLikeName(%q): want %t, got %t", tc.reason, key, tc.want, got)
				}
			}
		})
	}
}
