using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.Grains.Remote;

/// <summary>
/// Idempotency keys of the router's own, for writes whose caller gave none: a write that is sent again after its link broke is then made once. They begin
/// with a character that no caller can send, and nobody is shown them.
/// </summary>
internal static class OwnKeys
{
    /// <summary>UNIT SEPARATOR, which stands between the parts of other keys of ours too: what callers are shown of a key ends before it.</summary>
    private const char Mark = '\u001f';

    public static WriteOrigin Keyed(this WriteOrigin origin) => origin.OperationId is not null ? origin : origin with { OperationId = $"{Mark}{Guid.CreateVersion7():N}" };

    /// <summary>A caller who sent a write once has not repeated it, however often the router has.</summary>
    public static bool IsReplay(WriteOrigin asked, bool isReplay) => isReplay && asked.OperationId is not null;

    public static WriteResult<T> For<T>(this WriteResult<T> result, WriteOrigin asked) => result with { IsReplay = IsReplay(asked, result.IsReplay) };

    public static InjectResult For(this InjectResult result, WriteOrigin asked) => result with { IsReplay = IsReplay(asked, result.IsReplay) };
}
