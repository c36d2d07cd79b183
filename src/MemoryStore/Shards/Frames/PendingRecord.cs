using System.Diagnostics;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Records;

namespace LatentDb.MemoryStore.Shards.Frames;

/// <summary>A record that has its place in the log and waits for a commit.</summary>
internal sealed class PendingRecord(FrameHeader header, RecordLocation location, Action<FrameHeader, RecordLocation>? publish)
{
    private readonly TaskCompletionSource _durable = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public RecordLocation Location => location;

    public FrameHeader Header => header;

    /// <summary>The span in which it was enqueued; default when nobody records one.</summary>
    public ActivityContext Caller { get; } = Activity.Current is { Recorded: true } span ? span.Context : default;

    /// <summary>Ends when the record is durable and published, or with the failure that prevented it.</summary>
    public Task Durable => _durable.Task;

    public void Publish() => publish?.Invoke(header, location);

    public void Finish(LatentDbException? failure)
    {
        if (failure is null)
        {
            _durable.TrySetResult();
            return;
        }

        _durable.TrySetException(new LatentDbException(failure.Code, failure.Message, failure));

        // Staged slices are awaited as a whole, by a flush; the single ones need nobody to look at them.
        _ = _durable.Task.Exception;
    }
}
