/* test_password.c -- hashing passwords, and SHA-256. */
#include "check.h"
#include "jv/password.h"
#include "jv/token.h"

TEST(verifies_the_right_one_only)
{
    char hash[JV_PASSWORD_HASH_SIZE], again[JV_PASSWORD_HASH_SIZE];

    CHECK_INT(jv_password_hash("password123", hash), JV_OK);
    CHECK_INT(jv_password_hash("password123", again), JV_OK);
    CHECK(strcmp(hash, again) != 0); /* salted */
    CHECK(strncmp(hash, "$argon2id$v=19$m=19456,t=2,p=1$", 31) == 0);
    CHECK(!jv_password_outdated(hash));
    CHECK(jv_password_verify(hash, "password123"));
    CHECK(!jv_password_verify(hash, "password124"));
    CHECK(!jv_password_verify(hash, "Password123"));
    CHECK(!jv_password_verify(hash, "password123 "));
    CHECK(!jv_password_verify(hash, ""));
    CHECK(!jv_password_verify(hash, NULL));
}

TEST(takes_long_ones_and_utf8_up_to_the_limit)
{
    char hash[JV_PASSWORD_HASH_SIZE], longest[JV_PASSWORD_MAX + 2];

    memset(longest, 'x', sizeof(longest));
    longest[JV_PASSWORD_MAX + 1] = '\0';
    CHECK_INT(jv_password_hash(longest, hash), JV_INVALID_ARGUMENT);
    longest[JV_PASSWORD_MAX] = '\0';
    CHECK_INT(jv_password_hash(longest, hash), JV_OK);
    CHECK(jv_password_verify(hash, longest));
    longest[JV_PASSWORD_MAX - 1] = 'y';
    CHECK(!jv_password_verify(hash, longest));
    CHECK_INT(jv_password_hash("pässwörd ☃", hash), JV_OK);
    CHECK(jv_password_verify(hash, "pässwörd ☃"));
    CHECK_INT(jv_password_hash("", hash), JV_INVALID_ARGUMENT);
    CHECK_INT(jv_password_hash(NULL, hash), JV_INVALID_ARGUMENT);
}

TEST(a_hash_that_is_none_fits_nothing)
{
    char big[300];

    memset(big, 'a', sizeof(big));
    big[299] = '\0';
    for (const char *const *h = (const char *const[]){ "", "x", "$argon2id$",
                                                       "$argon2id$v=19$m=", big, "password", NULL };
         *h; h++) {
        CHECK(!jv_password_verify(*h, "password"));
        CHECK(jv_password_outdated(*h));
    }
    CHECK(!jv_password_verify(NULL, "password"));
    CHECK(jv_password_outdated(NULL));
}

TEST(knows_hashes_of_other_strength)
{
    CHECK(jv_password_outdated("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$"
                               "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI"));
}

TEST(sha256_of_known_texts)
{
    struct jv_arena *a = jv_arena_new(1 << 20);

    CHECK_STR(jv_sha256_hex(a, "", 0),
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK_STR(jv_sha256_hex(a, "abc", 3),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    jv_arena_free(a);
}

TEST_MAIN()
