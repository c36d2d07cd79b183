using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using Microsoft.Win32.SafeHandles;

namespace LatentDb.MemoryStore.Encryption;

/// <summary>Master keys that an operator keeps in a file or in the environment.</summary>
/// <remarks>
/// The text has one key a line, <c>id base64</c> or just base64 of 32 bytes; empty lines and those that begin with # are skipped. The first key
/// wraps, the others only unwrap: to change the master key, put a new line above the old one, rewrap, and then take the old line away. Thread-safe.
/// </remarks>
public sealed class LocalMasterKeys : IMasterKeyProvider, IDisposable
{
    /// <summary>The environment variable that may hold the text instead of a file.</summary>
    public const string EnvironmentVariable = "LATENTDB_MASTER_KEY";

    private const int MaxKeys = 64;

    private readonly FrozenDictionary<string, GcmKey> _keys;

    private LocalMasterKeys(string currentId, FrozenDictionary<string, GcmKey> keys)
    {
        CurrentId = currentId;
        _keys = keys;
    }

    /// <summary>Name of the key that wraps.</summary>
    public string CurrentId { get; }

    /// <summary>True when a key of that name is among them.</summary>
    public bool Has(string id) => _keys.ContainsKey(id);

    /// <summary>Reads the file; makes it, with a new random key and for its owner only, when the store is new and the file does not exist.</summary>
    /// <param name="path">The file.</param>
    /// <param name="isNewStore">Nothing was ever stored: a missing key is not a lost one.</param>
    /// <exception cref="LatentDbException">
    /// key_unavailable: the file is missing beside a store that needs it. configuration_invalid: others may read it, or it does not hold keys.
    /// </exception>
    public static LocalMasterKeys OpenOrCreate(string path, bool isNewStore)
    {
        string whole = Path.GetFullPath(path);
        try
        {
            if (!File.Exists(whole))
            {
                if (!isNewStore) throw Missing(whole);
                CreateFile(whole);
            }

            return ReadFile(whole);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Invalid($"The master key file {whole} cannot be read or made: {e.Message}", e);
        }
    }

    /// <summary>The keys of <see cref="EnvironmentVariable"/>; null when it is not set.</summary>
    /// <exception cref="LatentDbException">configuration_invalid.</exception>
    public static LocalMasterKeys? FromEnvironment() =>
        Environment.GetEnvironmentVariable(EnvironmentVariable) is { Length: > 0 } text ? Parse(text, $"The environment variable {EnvironmentVariable}") : null;

    /// <param name="text">The keys, one a line.</param>
    /// <param name="source">Where the text is from: the beginning of the sentence that says what is wrong with it.</param>
    /// <exception cref="LatentDbException">configuration_invalid; the message names the line, never what is in it.</exception>
    public static LocalMasterKeys Parse(string text, string source)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        try
        {
            return Parse(bytes, source);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <inheritdoc/>
    public ValueTask<WrappedKey> WrapAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> context, CancellationToken cancellationToken)
    {
        byte[] wrapped = new byte[EncryptionLimits.NonceBytes + key.Length + EncryptionLimits.TagBytes];
        Span<byte> nonce = wrapped.AsSpan(0, EncryptionLimits.NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        bool isDone = _keys[CurrentId].TrySeal(nonce, context.Span, key.Span, wrapped.AsSpan(EncryptionLimits.NonceBytes));
        ObjectDisposedException.ThrowIf(!isDone, this);
        return ValueTask.FromResult(new WrappedKey(CurrentId, wrapped));
    }

    /// <inheritdoc/>
    public ValueTask<byte[]> UnwrapAsync(WrappedKey wrapped, ReadOnlyMemory<byte> context, CancellationToken cancellationToken)
    {
        if (!_keys.TryGetValue(wrapped.MasterKeyId, out GcmKey? master))
        {
            throw Unavailable($"Master key {wrapped.MasterKeyId} is needed and is not among the {_keys.Count} that are given.");
        }

        int length = wrapped.Bytes.Length - EncryptionLimits.NonceBytes - EncryptionLimits.TagBytes;
        if (length != EncryptionLimits.KeyBytes) throw Unavailable($"What master key {wrapped.MasterKeyId} should open is {wrapped.Bytes.Length} bytes long.");
        byte[] key = GC.AllocateArray<byte>(length, pinned: true);
        ReadOnlySpan<byte> bytes = wrapped.Bytes;
        try
        {
            bool isDone = master.TryOpen(bytes[..EncryptionLimits.NonceBytes], context.Span, bytes[EncryptionLimits.NonceBytes..], key);
            ObjectDisposedException.ThrowIf(!isDone, this);
            return ValueTask.FromResult(key);
        }
        catch (AuthenticationTagMismatchException e)
        {
            throw Unavailable($"Master key {wrapped.MasterKeyId} is not the one that wrapped the tenants' keys.", e);
        }
    }

    /// <summary>Zeroes the keys.</summary>
    public void Dispose()
    {
        foreach (GcmKey key in _keys.Values) key.Dispose();
    }

    private static LocalMasterKeys ReadFile(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path);
        RequirePrivate(file, path);
        long length = RandomAccess.GetLength(file);
        if (length > EncryptionLimits.MaxMasterKeyFileBytes) throw Invalid($"The master key file {path} has {length} bytes; at most {EncryptionLimits.MaxMasterKeyFileBytes} are expected.");
        byte[] text = GC.AllocateArray<byte>((int)length, pinned: true);
        try
        {
            int read = RandomAccess.Read(file, text, 0);
            return Parse(text.AsSpan(0, read), $"The master key file {path}");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
        }
    }

    private static void RequirePrivate(SafeFileHandle file, string path)
    {
        if (OperatingSystem.IsWindows()) return;
        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        UnixFileMode mode = File.GetUnixFileMode(file);
        if ((mode & Others) != UnixFileMode.None) throw Invalid($"The master key file {path} may be read or written by others than its owner; make its mode 0600.");
    }

    /// <summary>The name appears when the content is durable: a power cut leaves no file or a whole one.</summary>
    private static void CreateFile(string path)
    {
        string folder = Path.GetDirectoryName(path)!;
        LocalDisk.Instance.CreateDurableFolder(folder);
        string temporary = $"{path}.{Path.GetRandomFileName()}";
        byte[] key = RandomNumberGenerator.GetBytes(EncryptionLimits.KeyBytes);
        byte[] text = Encoding.ASCII.GetBytes(Convert.ToBase64String(key) + "\n");
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(temporary, options))
        {
            RandomAccess.Write(file.SafeFileHandle, text, 0);
            DurableFile.Sync(file.SafeFileHandle);
        }

        CryptographicOperations.ZeroMemory(key);
        CryptographicOperations.ZeroMemory(text);
        if (!DurableFile.TryPublish(temporary, path)) File.Delete(temporary); // Another process was faster: its key is the one.
        DurableFile.SyncFolder(folder);
    }

    private static LocalMasterKeys Parse(ReadOnlySpan<byte> text, string source)
    {
        var keys = new Dictionary<string, GcmKey>(StringComparer.Ordinal);
        string? current = null;
        int number = 0;
        foreach (Range line in text.Split((byte)'\n'))
        {
            number++;
            ReadOnlySpan<byte> content = text[line].Trim(" \t\r"u8);
            if (content.IsEmpty || content[0] == (byte)'#') continue;
            string id = ReadLine(content, keys, $"{source}, line {number},");
            current ??= id;
        }

        return current is null ? throw Invalid($"{source} holds no key.") : new LocalMasterKeys(current, keys.ToFrozenDictionary(StringComparer.Ordinal));
    }

    private static string ReadLine(ReadOnlySpan<byte> line, Dictionary<string, GcmKey> keys, string where)
    {
        int gap = line.IndexOfAny((byte)' ', (byte)'\t');
        ReadOnlySpan<byte> base64 = line[(gap + 1)..].TrimStart(" \t"u8);
        Span<byte> key = stackalloc byte[EncryptionLimits.KeyBytes];
        try
        {
            bool isKey = System.Buffers.Text.Base64.DecodeFromUtf8(base64, key, out int consumed, out int written) == System.Buffers.OperationStatus.Done
                && consumed == base64.Length && written == EncryptionLimits.KeyBytes;
            if (!isKey) throw Invalid($"{where} is not a key: base64 of {EncryptionLimits.KeyBytes} bytes, with a name before it or without.");
            string id = gap < 0 ? Fingerprint(key) : Encoding.UTF8.GetString(line[..gap]);
            if (id.Length > EncryptionLimits.MaxMasterKeyIdLength) throw Invalid($"{where} has a name of {id.Length} characters; at most {EncryptionLimits.MaxMasterKeyIdLength} are allowed.");
            if (keys.Count == MaxKeys) throw Invalid($"{where} is one too many: at most {MaxKeys} keys are expected.");
            if (!keys.TryAdd(id, new GcmKey(key))) throw Invalid($"{where} names key {id} a second time.");
            return id;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>The name of a key without one: tells keys apart and nothing about them.</summary>
    private static string Fingerprint(ReadOnlySpan<byte> key) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(key, "latentdb master key id"u8).AsSpan(0, 8));

    private static LatentDbException Missing(string path) => Unavailable(
        $"The master key file {path} is missing, and the store cannot be read without it; put it back from where it was kept.");

    private static LatentDbException Unavailable(string message, Exception? cause = null) => new(ErrorCode.KeyUnavailable, message, cause);

    private static LatentDbException Invalid(string message, Exception? cause = null) => new(ErrorCode.ConfigurationInvalid, message, cause);
}
