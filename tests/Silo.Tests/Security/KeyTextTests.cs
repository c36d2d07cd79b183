using LatentDb.Silo.Security.Keys;

namespace LatentDb.Silo.Tests.Security;

/// <summary>Keys as their holders have them.</summary>
public sealed class KeyTextTests
{
    [Fact]
    public void A_key_is_read_back_as_it_was_written()
    {
        for (int i = 0; i < 1000; i++)
        {
            KeyText key = KeyText.NewRandom();

            Assert.Equal(key, KeyText.TryParse(key.ToString()));
            Assert.Matches("^ldb_[a-z2-7]{12}_[A-Za-z0-9_-]{43}_[A-Za-z0-9]{6}$", key.ToString());
        }
    }

    [Fact]
    public void Every_mistyped_character_is_found_by_the_checksum()
    {
        string text = KeyText.NewRandom().ToString();

        for (int i = 0; i < text.Length; i++)
        {
            foreach (char c in "aZ0_")
            {
                if (text[i] != c) Assert.Null(KeyText.TryParse($"{text[..i]}{c}{text[(i + 1)..]}"));
            }
        }
    }

    [Fact]
    public void What_is_kept_of_a_key_depends_on_its_id_and_its_secret()
    {
        KeyText key = KeyText.NewRandom();

        Assert.True(SecretHash.Matches(SecretHash.Of(key), SecretHash.Of(key)));
        Assert.False(SecretHash.Matches(SecretHash.Of(key with { Id = "aaaaaaaaaaaa" }), SecretHash.Of(key)));
        Assert.False(SecretHash.Matches(SecretHash.Of(key), SecretHash.Of(KeyText.NewRandom())));
        Assert.False(SecretHash.Matches(SecretHash.Of(key), null));
    }
}
