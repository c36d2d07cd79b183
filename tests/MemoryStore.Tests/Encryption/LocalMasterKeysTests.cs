using LatentDb.MemoryStore.Encryption;
using LatentDb.MemoryStore.Errors;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Encryption;

public sealed class LocalMasterKeysTests : IDisposable
{
    private static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_new_store_gets_a_file_that_only_its_owner_may_read_and_that_opens_again()
    {
        string path = _folder.Combine("keys", "master.key");
        using LocalMasterKeys made = LocalMasterKeys.OpenOrCreate(path, isNewStore: true);
        WrappedKey wrapped = await made.WrapAsync(Key, "context"u8.ToArray(), CancellationToken.None);

        using LocalMasterKeys opened = LocalMasterKeys.OpenOrCreate(path, isNewStore: false);

        Assert.Equal(Key, await opened.UnwrapAsync(wrapped, "context"u8.ToArray(), CancellationToken.None));
        Assert.Equal(made.CurrentId, opened.CurrentId);
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Equal([path], Directory.GetFiles(Path.GetDirectoryName(path)!));
    }

    [Fact]
    public void Two_new_stores_get_two_keys()
    {
        using LocalMasterKeys one = LocalMasterKeys.OpenOrCreate(_folder.Combine("one"), isNewStore: true);
        using LocalMasterKeys two = LocalMasterKeys.OpenOrCreate(_folder.Combine("two"), isNewStore: true);

        Assert.NotEqual(one.CurrentId, two.CurrentId);
    }

    [Fact]
    public async Task Many_that_make_the_file_at_once_have_one_key()
    {
        for (int round = 0; round < 50; round++)
        {
            string path = _folder.Combine($"{round}/master.key");
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using var start = new Barrier(4);

            LocalMasterKeys[] keys = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(
                () =>
                {
                    start.SignalAndWait();
                    return LocalMasterKeys.OpenOrCreate(path, isNewStore: true);
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default)));

            Assert.Single(keys.Select(k => k.CurrentId).Distinct(StringComparer.Ordinal));
            Assert.Equal([path], Directory.GetFiles(Path.GetDirectoryName(path)!));
        }
    }

    [Fact]
    public void A_path_that_is_no_file_is_configuration_invalid()
    {
        LatentDbException error = Assert.Throws<LatentDbException>(() => LocalMasterKeys.OpenOrCreate(Path.Combine("/dev/null", "key"), isNewStore: true));

        Assert.Equal(ErrorCode.ConfigurationInvalid, error.Code);
    }

    [Fact]
    public void A_missing_file_beside_a_store_is_key_unavailable_and_is_not_made()
    {
        string path = _folder.Combine("master.key");

        LatentDbException error = Assert.Throws<LatentDbException>(() => LocalMasterKeys.OpenOrCreate(path, isNewStore: false));

        Assert.Equal(ErrorCode.KeyUnavailable, error.Code);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(path));
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.OtherWrite)]
    public void A_file_that_others_may_read_or_write_is_refused(UnixFileMode others)
    {
        if (OperatingSystem.IsWindows()) return;
        string path = _folder.Combine("master.key");
        LocalMasterKeys.OpenOrCreate(path, isNewStore: true).Dispose();
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | others);

        LatentDbException error = Assert.Throws<LatentDbException>(() => LocalMasterKeys.OpenOrCreate(path, isNewStore: false));

        Assert.Equal(ErrorCode.ConfigurationInvalid, error.Code);
    }

    [Fact]
    public async Task The_first_key_wraps_and_the_others_only_unwrap()
    {
        using LocalMasterKeys old = LocalMasterKeys.Parse($"2025 {Base64(5)}", "The text");
        using LocalMasterKeys both = LocalMasterKeys.Parse($"# keys\r\n\r\n2026\t{Base64(6)}  \r\n2025 {Base64(5)}\n", "The text");
        WrappedKey before = await old.WrapAsync(Key, default, CancellationToken.None);

        WrappedKey after = await both.WrapAsync(Key, default, CancellationToken.None);

        Assert.Equal("2026", after.MasterKeyId);
        Assert.Equal(Key, await both.UnwrapAsync(before, default, CancellationToken.None));
        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(() => old.UnwrapAsync(after, default, CancellationToken.None).AsTask());
        Assert.Equal(ErrorCode.KeyUnavailable, error.Code);
    }

    [Fact]
    public async Task A_wrapped_key_with_any_bit_changed_or_another_context_does_not_open()
    {
        using LocalMasterKeys keys = Ring.Master();
        WrappedKey wrapped = await keys.WrapAsync(Key, "a"u8.ToArray(), CancellationToken.None);
        for (int bit = 0; bit < wrapped.Bytes.Length * 8; bit++)
        {
            byte[] changed = [.. wrapped.Bytes];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            await Assert.ThrowsAsync<LatentDbException>(() => keys.UnwrapAsync(wrapped with { Bytes = changed }, "a"u8.ToArray(), CancellationToken.None).AsTask());
        }

        await Assert.ThrowsAsync<LatentDbException>(() => keys.UnwrapAsync(wrapped, "b"u8.ToArray(), CancellationToken.None).AsTask());
        await Assert.ThrowsAsync<LatentDbException>(() => keys.UnwrapAsync(wrapped with { Bytes = [1, 2] }, "a"u8.ToArray(), CancellationToken.None).AsTask());
    }

    [Theory]
    [InlineData("")]
    [InlineData("# nothing\n")]
    [InlineData("AAAA")]
    [InlineData("one AAAA")]
    [InlineData("not base64 at all")]
    [InlineData("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISI=")]
    [InlineData("k AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\nk AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")]
    public void Text_that_holds_no_keys_is_refused_without_being_shown(string text)
    {
        LatentDbException error = Assert.Throws<LatentDbException>(() => LocalMasterKeys.Parse(text, "The text"));

        Assert.Equal(ErrorCode.ConfigurationInvalid, error.Code);
        Assert.DoesNotContain("AAECAw", error.Message, StringComparison.Ordinal);
    }

    private static string Base64(byte seed) => Convert.ToBase64String([.. Enumerable.Repeat(seed, 32)]);
}
