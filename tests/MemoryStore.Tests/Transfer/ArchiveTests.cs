using System.Security.Cryptography;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Transfer;
using LatentDb.MemoryStore.Transfer.Archives;

namespace LatentDb.MemoryStore.Tests.Transfer;

/// <summary>What is written into an archive comes out of it, protected or not, however the stream behaves.</summary>
public sealed class ArchiveTests
{
    private const int Frame = TransferLimits.FrameBytes;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Frame - 2)]
    [InlineData(Frame - 1)]
    [InlineData(Frame)]
    [InlineData((3 * Frame) - 1)]
    [InlineData((3 * Frame) + 17)]
    public async Task A_record_of_any_length_comes_back(int length)
    {
        byte[] payload = new byte[length];
        new Random(length).NextBytes(payload);
        byte[] archive = await ArchiveBytes.WriteAsync([(ArchiveRecordKind.Slice, payload), (ArchiveRecordKind.Gap, [1])]);

        var records = await ArchiveBytes.ReadAsync(archive);

        Assert.Equal([ArchiveRecordKind.Slice, ArchiveRecordKind.Gap], records.Select(r => r.Kind));
        Assert.Equal(payload, records[0].Payload);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100_000)]
    public async Task A_stream_that_cannot_seek_and_gives_few_bytes_at_a_time_is_enough(int most)
    {
        byte[] archive = await ArchiveBytes.WriteAsync(ArchiveBytes.Small);

        var records = await ArchiveBytes.ReadAsync(new DribblingStream(archive, most));

        Assert.Equal(ArchiveBytes.Small.Select(r => r.Payload), records.Select(r => r.Payload));
    }

    [Fact]
    public async Task An_archive_protected_to_a_passphrase_opens_with_it_and_with_no_other()
    {
        (PassphraseProtection protection, byte[] key) = ArchiveKeys.NewForPassphrase("correct horse");
        byte[] archive = await ArchiveBytes.WriteAsync(ArchiveBytes.Small, protection, key);
        using ArchiveReader reader = await ArchiveReader.BeginAsync(new MemoryStream(archive), CancellationToken.None);
        var stated = Assert.IsType<PassphraseProtection>(reader.Header.Protection);

        var records = await ArchiveBytes.ReadAsync(archive, ArchiveKeys.Open(stated, "correct horse"));

        Assert.Equal(TransferLimits.PassphraseRounds, stated.Rounds);
        Assert.Equal(ArchiveBytes.Small.Select(r => r.Payload), records.Select(r => r.Payload));
        byte[] wrong = ArchiveKeys.Open(stated, "correct horsf");
        await AssertInvalidAsync(() => ArchiveBytes.ReadAsync(archive, wrong), "does not open");
    }

    [Fact]
    public async Task An_archive_protected_to_a_recipient_opens_with_the_private_key()
    {
        using ECDiffieHellman recipient = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        (RecipientProtection protection, byte[] key) = ArchiveKeys.NewForRecipient(recipient.ExportSubjectPublicKeyInfoPem());
        byte[] archive = await ArchiveBytes.WriteAsync(ArchiveBytes.Small, protection, key);
        using ArchiveReader reader = await ArchiveReader.BeginAsync(new MemoryStream(archive), CancellationToken.None);
        var stated = Assert.IsType<RecipientProtection>(reader.Header.Protection);

        var byPkcs8 = await ArchiveBytes.ReadAsync(archive, ArchiveKeys.Open(stated, recipient.ExportPkcs8PrivateKeyPem()));
        var bySec1 = await ArchiveBytes.ReadAsync(archive, ArchiveKeys.Open(stated, recipient.ExportECPrivateKeyPem()));

        Assert.Equal(ArchiveBytes.Small.Select(r => r.Payload), byPkcs8.Select(r => r.Payload));
        Assert.Equal(ArchiveBytes.Small.Select(r => r.Payload), bySec1.Select(r => r.Payload));
    }

    [Fact]
    public async Task Nothing_of_a_protected_record_can_be_read_in_the_archive()
    {
        byte[] text = "Maria lives in Kiel."u8.ToArray();
        byte[] archive = await ArchiveBytes.WriteAsync(
            [(ArchiveRecordKind.Gap, text)], new PassphraseProtection(new byte[32], 1), RandomNumberGenerator.GetBytes(32));

        Assert.True(archive.AsSpan().IndexOf(text) < 0);
        Assert.True((await ArchiveBytes.WriteAsync([(ArchiveRecordKind.Gap, text)])).AsSpan().IndexOf(text) > 0);
    }

    [Fact]
    public void Two_archives_never_have_one_key()
    {
        (PassphraseProtection _, byte[] first) = ArchiveKeys.NewForPassphrase("correct horse", rounds: 1);
        (PassphraseProtection _, byte[] second) = ArchiveKeys.NewForPassphrase("correct horse", rounds: 1);

        Assert.NotEqual(first, second);
    }

    [Fact]
    public void The_key_of_a_passphrase_is_the_one_of_the_format()
    {
        byte[] salt = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

        byte[] key = ArchiveKeys.Open(new PassphraseProtection(salt, 600_000), "correct horse");

        // Computed with Python: hashlib.pbkdf2_hmac, then RFC 5869 by hand with hmac.
        Assert.Equal("a27c4d273e32d7c638f5f37b8c83373cd9d9ced2561176cb94f28939d834abcb", Convert.ToHexStringLower(key));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1234567")]
    public void A_passphrase_that_is_too_short_is_refused(string passphrase)
    {
        var error = Assert.Throws<LatentDbException>(() => ArchiveKeys.NewForPassphrase(passphrase));

        Assert.Equal(ErrorCode.InvalidRequest, error.Code);
    }

    [Fact]
    public void Keys_that_are_no_keys_on_the_curve_are_refused()
    {
        using ECDiffieHellman other = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP384);
        using var rsa = RSA.Create(2048);

        foreach (string pem in new[] { "", "no key", other.ExportSubjectPublicKeyInfoPem(), rsa.ExportSubjectPublicKeyInfoPem(), new string('x', 20_000) })
        {
            var error = Assert.Throws<LatentDbException>(() => ArchiveKeys.NewForRecipient(pem));
            Assert.Equal(ErrorCode.InvalidRequest, error.Code);
        }
    }

    [Fact]
    public void Another_recipients_key_and_a_public_key_do_not_open_an_archive()
    {
        using ECDiffieHellman recipient = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        using ECDiffieHellman other = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        (RecipientProtection protection, byte[] _) = ArchiveKeys.NewForRecipient(recipient.ExportSubjectPublicKeyInfoPem());

        Assert.Equal(ErrorCode.InvalidRequest, Assert.Throws<LatentDbException>(() => ArchiveKeys.Open(protection, other.ExportPkcs8PrivateKeyPem())).Code);
        Assert.Equal(ErrorCode.ArchiveInvalid, Assert.Throws<LatentDbException>(() => ArchiveKeys.Open(protection, recipient.ExportSubjectPublicKeyInfoPem())).Code);
    }

    [Fact]
    public void A_point_that_is_not_on_the_curve_is_refused()
    {
        using ECDiffieHellman recipient = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        (RecipientProtection protection, byte[] _) = ArchiveKeys.NewForRecipient(recipient.ExportSubjectPublicKeyInfoPem());
        protection.EphemeralPoint[40] ^= 1;

        Assert.Equal(ErrorCode.ArchiveInvalid, Assert.Throws<LatentDbException>(() => ArchiveKeys.Open(protection, recipient.ExportPkcs8PrivateKeyPem())).Code);
    }

    internal static async Task AssertInvalidAsync(Func<Task> read, string? because = null)
    {
        var error = await Assert.ThrowsAsync<LatentDbException>(read);
        Assert.Equal(ErrorCode.ArchiveInvalid, error.Code);
        if (because is not null) Assert.Contains(because, error.Message, StringComparison.Ordinal);
    }
}
