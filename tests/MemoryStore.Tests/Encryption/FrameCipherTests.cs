using System.Security.Cryptography;
using LatentDb.MemoryStore.Encryption;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Encryption;

public sealed class FrameCipherTests : IDisposable
{
    private static readonly byte[] Salt = [.. Enumerable.Range(1, FrameCipher.SaltBytes).Select(i => (byte)i)];
    private static readonly byte[] Header = [.. Enumerable.Range(100, 64).Select(i => (byte)i)];

    private readonly FrameCipher _cipher = new(Salt, 1);

    public void Dispose() => _cipher.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(200)]
    [InlineData(1 << 20)]
    public void What_was_sealed_opens_to_the_same_bytes(int length)
    {
        foreach (DataKey key in new[] { DataKey.Random(), DataKey.Random(isLasting: true) })
        {
            byte[] plain = RandomNumberGenerator.GetBytes(length);
            byte[] sealedPayload = Seal(key, 7, plain);
            byte[] opened = new byte[length];

            _cipher.Open(key, 7, Header, sealedPayload, opened);

            Assert.Equal(plain, opened);
            Assert.Equal(length + 16, sealedPayload.Length);
        }
    }

    /// <summary>The format, computed with the library's parts one by one: stored data depends on every one of these bytes.</summary>
    [Fact]
    public void The_sealed_bytes_are_what_the_format_page_says()
    {
        byte[] secret = [.. Enumerable.Range(50, 32).Select(i => (byte)i)];
        byte[] plain = "the payload"u8.ToArray();
        byte[] derived = HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, 32, Salt, "latentdb frame 1"u8.ToArray());
        byte[] nonce = [1, 0, 0, 0, 0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01];
        byte[] expected = new byte[plain.Length + 16];
        using (var gcm = new AesGcm(derived, 16)) gcm.Encrypt(nonce, plain, expected.AsSpan(0, plain.Length), expected.AsSpan(plain.Length), Header);

        Assert.Equal(expected, Seal(DataKey.FromBytes(secret), 0x0102030405060708, plain));
        Assert.Equal(expected, Seal(DataKey.FromBytes(secret, isLasting: true), 0x0102030405060708, plain));
    }

    [Fact]
    public void Every_bit_of_payload_tag_and_header_and_the_sequence_log_salt_and_key_count()
    {
        using var key = DataKey.Random(isLasting: true);
        byte[] sealedPayload = Seal(key, 7, "secret"u8.ToArray());

        for (int bit = 0; bit < sealedPayload.Length * 8; bit++) AssertBroken(_cipher, key, 7, Header, Flipped(sealedPayload, bit));
        for (int bit = 0; bit < Header.Length * 8; bit++) AssertBroken(_cipher, key, 7, Flipped(Header, bit), sealedPayload);
        AssertBroken(_cipher, key, 8, Header, sealedPayload);
        AssertBroken(_cipher, DataKey.Random(), 7, Header, sealedPayload);
        AssertBroken(new FrameCipher(Salt, 2), key, 7, Header, sealedPayload);
        AssertBroken(new FrameCipher(FrameCipher.NewSalt(), 1), key, 7, Header, sealedPayload);
        Assert.Throws<SealBrokenException>(() => _cipher.Open(key, 7, Header, sealedPayload.AsSpan(0, 15), default));
    }

    [Fact]
    public void Equal_payloads_never_look_equal()
    {
        using var key = DataKey.Random(isLasting: true);
        using var other = DataKey.Random(isLasting: true);
        byte[] plain = new byte[64];
        var seen = new HashSet<string>(StringComparer.Ordinal);
        FrameCipher[] ciphers = [_cipher, new(Salt, 2), new(FrameCipher.NewSalt(), 1), new(FrameCipher.NewSalt(), 1)];
        foreach (FrameCipher cipher in ciphers)
        {
            foreach (DataKey k in new[] { key, other })
            {
                for (long sequence = 1; sequence <= 500; sequence++)
                {
                    byte[] sealedPayload = new byte[plain.Length + FrameCipher.Overhead];
                    cipher.Seal(k, sequence, Header, plain, sealedPayload);

                    // The first cipher block: equal for equal key and nonce, so this is the uniqueness of nonces as well.
                    Assert.True(seen.Add(Convert.ToHexString(sealedPayload, 0, 16)));
                }
            }
        }
    }

    [Fact]
    public async Task Many_threads_with_more_keys_than_the_cache_holds_read_what_they_wrote()
    {
        DataKey[] keys = [.. Enumerable.Range(0, EncryptionLimits.MaxReadyCiphers + 200).Select(_ => DataKey.Random(isLasting: true))];
        await Parallel.ForAsync(0, 8, async (thread, token) =>
        {
            await Task.Yield();
            byte[] plain = new byte[100];
            byte[] sealedPayload = new byte[plain.Length + FrameCipher.Overhead];
            byte[] opened = new byte[plain.Length];
            for (int i = 0; i < 4000; i++)
            {
                DataKey key = keys[((i * (thread + 3)) + (i % 5)) % (i % 2 == 0 ? keys.Length : 4)];
                long sequence = (thread * 100_000L) + i + 1;
                plain.AsSpan().Fill((byte)i);
                _cipher.Seal(key, sequence, Header, plain, sealedPayload);
                _cipher.Open(key, sequence, Header, sealedPayload, opened);
                Assert.Equal(plain, opened);
            }
        });
    }

    [Fact]
    public void A_frame_of_a_known_key_allocates_nothing()
    {
        using var key = DataKey.Random(isLasting: true);
        byte[] plain = new byte[200];
        byte[] sealedPayload = new byte[plain.Length + FrameCipher.Overhead];
        for (int i = 1; i <= 1000; i++) Turn(i);

        long bytes = Allocations.LeastOf(() =>
        {
            for (int i = 1; i <= 1000; i++) Turn(i);
        });

        Assert.Equal(0, bytes);

        void Turn(int sequence)
        {
            _cipher.Seal(key, sequence, Header, plain, sealedPayload);
            _cipher.Open(key, sequence, Header, sealedPayload, plain);
        }
    }

    [Fact]
    public void A_key_without_holders_seals_nothing()
    {
        var key = DataKey.Random();
        key.Share().Dispose();
        Seal(key, 1, [1]);
        key.Dispose();

        Assert.Throws<ObjectDisposedException>(() => Seal(key, 2, [1]));
        Assert.Throws<ObjectDisposedException>(() => key.Share());
        Assert.Throws<InvalidOperationException>(key.Dispose);
    }

    [Fact]
    public void A_key_that_was_forgotten_is_derived_again_while_it_is_held()
    {
        var key = DataKey.Random(isLasting: true);
        byte[] sealedPayload = Seal(key, 1, [1, 2, 3]);

        _cipher.Forget(key);
        _cipher.Open(key, 1, Header, sealedPayload, new byte[3]);
        _cipher.Forget(key);
        key.Dispose();

        Assert.Throws<ObjectDisposedException>(() => _cipher.Open(key, 1, Header, sealedPayload, new byte[3]));
    }

    [Fact]
    public void Sequences_begin_at_one_and_a_salt_is_never_zeros()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Seal(DataKey.Random(), 0, [1]));
        Assert.Throws<ArgumentException>(() => new FrameCipher(new byte[FrameCipher.SaltBytes], 1));
        Assert.Throws<ArgumentException>(() => new FrameCipher(new byte[16], 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new FrameCipher(Salt, 0));
    }

    private static void AssertBroken(FrameCipher cipher, DataKey key, long sequence, byte[] header, byte[] sealedPayload)
    {
        byte[] plain = [.. Enumerable.Repeat((byte)0xEE, sealedPayload.Length - FrameCipher.Overhead)];
        Assert.Throws<SealBrokenException>(() => cipher.Open(key, sequence, header, sealedPayload, plain));
        Assert.DoesNotContain(plain, b => b != 0);
    }

    private static byte[] Flipped(byte[] whole, int bit)
    {
        byte[] flipped = [.. whole];
        flipped[bit / 8] ^= (byte)(1 << (bit % 8));
        return flipped;
    }

    private byte[] Seal(DataKey key, long sequence, byte[] plain)
    {
        byte[] sealedPayload = new byte[plain.Length + FrameCipher.Overhead];
        _cipher.Seal(key, sequence, Header, plain, sealedPayload);
        return sealedPayload;
    }
}
