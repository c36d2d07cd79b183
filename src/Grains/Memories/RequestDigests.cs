using System.Globalization;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.Grains.Memories;

/// <summary>
/// What each command asks for, as a digest that is kept with its idempotency key. Who asks and which head he expects are not part of it: a repetition
/// may come from another credential, and after the head has moved on.
/// </summary>
internal static class RequestDigests
{
    public static WriteOrigin Signed(this WriteOrigin origin, RequestDigest digest) => origin.OperationId is null ? origin : origin with { Digest = digest };

    public static RequestDigest Of(CreateMemoryCommand command) => RequestDigest.Of("create", command.Metadata);

    public static RequestDigest Of(ForkCommand command) =>
        RequestDigest.Of("fork", command.Source.Tenant.Value, command.Source.Memory.Value, TextOf(command.At), command.Metadata);

    public static RequestDigest Of(InjectCommand command) =>
        RequestDigest.Of("inject", InjectedTextFormat.Encode(command.Text), command.Seed?.ToString(CultureInfo.InvariantCulture), command.Metadata);

    public static RequestDigest Of(RollbackCommand command) => RequestDigest.Of("rollback", TextOf(command.To));

    public static RequestDigest Of(SnapshotCommand command) => RequestDigest.Of("snapshot", command.Name.Value, TextOf(command.At));

    public static RequestDigest Of(DeleteSnapshotCommand command) => RequestDigest.Of("delete snapshot", command.Name.Value);

    private static string TextOf(VersionSelector at) => at switch
    {
        VersionSelector.HeadSelector => "head",
        VersionSelector.NumberSelector number => number.Number.ToString(),
        VersionSelector.TimeSelector time => time.Time.UtcTicks.ToString("'t'0", CultureInfo.InvariantCulture),
        VersionSelector.SnapshotSelector snapshot => snapshot.Name.Value,
        _ => throw new ArgumentOutOfRangeException(nameof(at)),
    };
}
