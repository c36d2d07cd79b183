using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using LatentDb.MemoryStore;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.Silo.Security.Keys;

namespace LatentDb.Silo.Security.Access;

/// <summary>
/// The access file's content: a title line, one JSON object a line for each tenant and each key, and a last line with the checksum of all before it.
/// docs/format.md has it in full.
/// </summary>
internal static class AccessCodec
{
    private const string Title = "latentdb-access ";
    private const string Format = "1";
    private const string ChecksumWord = "crc32c ";
    private const int ChecksumLineLength = 16; // "crc32c 1a2b3c4d\n"

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectRequiredConstructorParameters = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
    };

    public static ReadOnlyMemory<byte> Encode(AccessState state)
    {
        var text = new ArrayBufferWriter<byte>();
        text.Write(Encoding.UTF8.GetBytes($"{Title}{Format}\n"));
        foreach (Tenant tenant in state.Tenants.Values) WriteLine(text, new TenantLine("tenant", tenant.Id.Value, tenant.CreatedAt, tenant.SuspendedAt, tenant.Limits));
        foreach (ApiKey key in state.Keys.Values)
        {
            WriteLine(text, new KeyLine("key", key.Id, key.Hash, key.Role, key.Name, key.CreatedAt, key.Tenant?.Value, key.ExpiresAt, key.RevokedAt, key.Use.Last));
        }

        text.Write(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{ChecksumWord}{Checksum.Crc32C(text.WrittenSpan):x8}\n")));
        return text.WrittenMemory;
    }

    /// <param name="content">What was stored.</param>
    /// <param name="place">How errors begin: "The access file ...".</param>
    /// <exception cref="LatentDbException">data_damaged, unsupported_format.</exception>
    public static AccessState Decode(ReadOnlySpan<byte> content, string place)
    {
        if (!content.StartsWith(Encoding.UTF8.GetBytes(Title))) throw Damaged(place, "does not begin as one");
        if (content.Length < ChecksumLineLength) throw Damaged(place, "is cut off");
        ReadOnlySpan<byte> body = content[..^ChecksumLineLength];
        string last = string.Create(CultureInfo.InvariantCulture, $"{ChecksumWord}{Checksum.Crc32C(body):x8}\n");
        if (!content[^ChecksumLineLength..].SequenceEqual(Encoding.UTF8.GetBytes(last))) throw Damaged(place, "does not fit its checksum");
        string[] lines = Encoding.UTF8.GetString(body).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (lines[0] != Title + Format) throw new LatentDbException(ErrorCode.UnsupportedFormat, $"{place} has format {lines[0][Title.Length..]}; this version reads {Format}.");
        return Build(lines.AsSpan(1), place);
    }

    private static AccessState Build(ReadOnlySpan<string> lines, string place)
    {
        ImmutableSortedDictionary<string, Tenant>.Builder tenants = AccessState.Empty.Tenants.ToBuilder();
        ImmutableSortedDictionary<string, ApiKey>.Builder keys = AccessState.Empty.Keys.ToBuilder();
        foreach (string line in lines)
        {
            try
            {
                switch (Read<KindLine>(line).Kind)
                {
                    case "tenant":
                        Tenant tenant = Read<TenantLine>(line).ToTenant();
                        tenants.Add(tenant.Id.Value, tenant);
                        break;
                    case "key":
                        ApiKey key = Read<KeyLine>(line).ToKey();
                        keys.Add(key.Id, key);
                        break;
                    default:
                        throw new LatentDbException(ErrorCode.UnsupportedFormat, $"{place} has a line of a kind that this version does not know.");
                }
            }
            catch (Exception error) when (error is JsonException or ArgumentException || (error as LatentDbException)?.Code == ErrorCode.InvalidName)
            {
                throw Damaged(place, "has a line that makes no sense", error);
            }
        }

        return new AccessState(tenants.ToImmutable(), keys.ToImmutable());
    }

    private static void WriteLine<T>(ArrayBufferWriter<byte> text, T line)
    {
        text.Write(JsonSerializer.SerializeToUtf8Bytes(line, Json));
        text.Write("\n"u8);
    }

    private static T Read<T>(string line)
        where T : class => JsonSerializer.Deserialize<T>(line, Json) ?? throw new JsonException("The line is null.");

    private static LatentDbException Damaged(string place, string how, Exception? inner = null) => new(
        ErrorCode.DataDamaged, $"{place} {how}. It holds the keys and tenants, so the server does not start without it; restore it from a backup.", inner);

    private sealed record KindLine(string Kind);

    private sealed record TenantLine(string Kind, string Id, DateTimeOffset CreatedAt, DateTimeOffset? SuspendedAt = null, TenantLimits? Limits = null)
    {
        public Tenant ToTenant() => new(TenantId.Parse(Id), CreatedAt, Limits ?? TenantLimits.Default) { SuspendedAt = SuspendedAt };
    }

    private sealed record KeyLine(
        string Kind,
        string Id,
        byte[] Hash,
        Role Role,
        string Name,
        DateTimeOffset CreatedAt,
        string? Tenant = null,
        DateTimeOffset? ExpiresAt = null,
        DateTimeOffset? RevokedAt = null,
        DateTimeOffset? LastUsedAt = null)
    {
        public ApiKey ToKey()
        {
            if (!KeyText.IsId(Id) || Hash.Length != SecretHash.Bytes || (Role == Role.Operator) != Tenant is null) throw new JsonException("The key is not one.");
            TenantId? owner = Tenant is null ? null : TenantId.Parse(Tenant);
            return new ApiKey(Id, Hash, owner, Role, Name, CreatedAt) { ExpiresAt = ExpiresAt, RevokedAt = RevokedAt, Use = new KeyUse(LastUsedAt) };
        }
    }
}
