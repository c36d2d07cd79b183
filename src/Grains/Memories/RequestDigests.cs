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
    /// <summary>UNIT SEPARATOR: stands between the key of a batch and the place of an item.</summary>
    private const char BatchMark = '\u001f';

    public static WriteOrigin Signed(this WriteOrigin origin, RequestDigest digest) => origin.OperationId is null ? origin : origin with { Digest = digest };

    public static RequestDigest Of(CreateMemoryCommand command) => RequestDigest.Of("create", command.Metadata);

    public static RequestDigest Of(ForkCommand command) =>
        RequestDigest.Of("fork", command.Source.Tenant.Value, command.Source.Memory.Value, TextOf(command.At), command.Metadata);

    public static RequestDigest Of(InjectCommand command) =>
        RequestDigest.Of("inject", InjectedTextFormat.Encode(command.Text), command.Seed?.ToString(CultureInfo.InvariantCulture), command.Metadata);

    /// <summary>Of the whole batch: an item's own digest is made of it and the item's place, so that any change of the batch shows at its first item.</summary>
    public static RequestDigest Of(InjectBatchCommand command)
    {
        string?[] parts = new string?[1 + (3 * command.Items.Length)];
        parts[0] = "batch";
        for (int i = 0; i < command.Items.Length; i++)
        {
            InjectItem item = command.Items[i];
            parts[(3 * i) + 1] = InjectedTextFormat.Encode(item.Text);
            parts[(3 * i) + 2] = item.Seed?.ToString(CultureInfo.InvariantCulture);
            parts[(3 * i) + 3] = item.Metadata;
        }

        return RequestDigest.Of(parts);
    }

    /// <summary>
    /// The origin of one item of a batch. The first item has the batch's own key, so that nothing else passes under it; the others have keys that no
    /// caller can send, because they hold a character that a header cannot.
    /// </summary>
    public static WriteOrigin OfItem(WriteOrigin batch, RequestDigest digest, int item)
    {
        if (batch.OperationId is not { } key) return batch;
        return batch with
        {
            OperationId = item == 0 ? key : $"{key}{BatchMark}{item}",
            Digest = RequestDigest.Of("item", digest.ToString(), item.ToString(CultureInfo.InvariantCulture)),
        };
    }

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
