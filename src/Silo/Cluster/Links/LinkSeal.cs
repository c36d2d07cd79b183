using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace LatentDb.Silo.Cluster.Links;

/// <summary>
/// How two silos show each other that they know the cluster's key without sending it: each seals what the stream is for with HMAC-SHA256 (RFC 2104). The
/// caller seals time, nonce, channel and the address that it means, so that a seal opens one stream of one kind at one silo once; the one called seals the
/// same for its answer, so that nobody else can take its place.
/// </summary>
/// <param name="key">The cluster's key.</param>
/// <param name="time">What makes a seal old.</param>
internal sealed class LinkSeal(string key, TimeProvider time)
{
    public const string TimeHeader = "x-latentdb-time";
    public const string NonceHeader = "x-latentdb-nonce";
    public const string SealHeader = "x-latentdb-seal";

    /// <summary>What clocks of a cluster may differ: more than any that are kept by NTP.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(60);

    private const int NonceBytes = 16;

    private readonly byte[] _key = Encoding.UTF8.GetBytes(key);

    /// <summary>What a caller shows; a new one for each stream.</summary>
    public Shown Show(int channel, string target)
    {
        string now = time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        string nonce = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(NonceBytes));
        return new Shown(now, nonce, Seal("call", now, nonce, channel, target));
    }

    /// <summary>True when it was made by somebody who knows the key, for this stream, about now.</summary>
    public bool Holds(Shown shown, int channel, string target)
    {
        bool isTime = long.TryParse(shown.Time, NumberStyles.None, CultureInfo.InvariantCulture, out long at);
        bool isNear = isTime && (time.GetUtcNow() - DateTimeOffset.FromUnixTimeSeconds(Math.Min(at, uint.MaxValue))).Duration() <= Tolerance;
        bool isSealed = AreEqual(shown.Seal, Seal("call", shown.Time, shown.Nonce, channel, target));
        return isSealed && isNear && shown.Nonce.Length == 2 * NonceBytes;
    }

    /// <summary>What the silo that was called shows in its answer.</summary>
    public string Answer(Shown shown, int channel, string target) => Seal("answer", shown.Time, shown.Nonce, channel, target);

    /// <summary>True when the answer is that of a silo which knows the key.</summary>
    public bool IsAnswer(string? answer, Shown shown, int channel, string target) => AreEqual(answer ?? string.Empty, Answer(shown, channel, target));

    private string Seal(string direction, string at, string nonce, int channel, string target) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"latentdb-link-1\n{direction}\n{at}\n{nonce}\n{channel}\n{target}"))));

    private static bool AreEqual(string one, string other) => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(one), Encoding.UTF8.GetBytes(other));

    /// <summary>What a caller shows, as its headers say it.</summary>
    internal sealed record Shown(string Time, string Nonce, string Seal);
}
