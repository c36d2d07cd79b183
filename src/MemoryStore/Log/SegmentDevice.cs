using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using FASTER.core;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Telemetry;

namespace LatentDb.MemoryStore.Log;

/// <summary>
/// FASTER's device over segment files, whose completion means "on stable storage", errors and the file's name included. FASTER's own device opens
/// with O_SYNC but never syncs the folder of a new file, reports no errno, and pays a journal commit for every append.
/// </summary>
/// <remarks>
/// One thread per device takes everything that is queued, writes it, syncs each touched file once, and only then completes: a commit waits for one
/// sync whatever the number of pages. Small writes go into blocks that were written with zeros before, because a sync that changes no file
/// metadata is some ten times faster (0.3 ms against 4 ms on the disk this was measured on).
/// </remarks>
internal sealed class SegmentDevice : StorageDeviceBase
{
    private const int MinExtentBytes = 64 << 10;
    private const int MaxExtentBytes = 1 << 20;
    private const int OpenSegments = 2;
    private const uint WriteFailed = 5; // EIO, where the cause has no errno

    private static readonly byte[] Zeros = new byte[MaxExtentBytes];

    private readonly IDisk _disk;
    private readonly string _folder;
    private readonly Action<Exception> _onFailure;
    private readonly Dictionary<int, Segment> _segments = [];
    private readonly BlockingCollection<Request> _queue = [];
    private readonly Thread _writer;
    private int _newest = -1;
    private volatile Exception? _failure;

    /// <param name="disk">Where the segments are.</param>
    /// <param name="folder">The log's folder.</param>
    /// <param name="onFailure">Called once, by the writing thread, when a write has failed.</param>
    public SegmentDevice(IDisk disk, string folder, Action<Exception> onFailure)
        : base(LogFolder.SegmentPrefix(folder), LogGeometry.SectorBytes, Devices.CAPACITY_UNSPECIFIED)
    {
        _disk = disk;
        _folder = folder;
        _onFailure = onFailure;
        _writer = new Thread(Run) { IsBackground = true, Name = $"latentdb log {Path.GetFileName(folder)}" };
        _writer.Start();
    }

    /// <summary>Why writes fail, once one has.</summary>
    public Exception? Failure => _failure;

    public override void WriteAsync(IntPtr sourceAddress, int segmentId, ulong destinationAddress, uint numBytesToWrite, DeviceIOCompletionCallback callback, object context)
    {
        try
        {
            _queue.Add(new Request(sourceAddress, segmentId, (long)destinationAddress, (int)numBytesToWrite, callback, context));
        }
        catch (InvalidOperationException)
        {
            // Closed meanwhile.
            callback(WriteFailed, 0, context);
        }
    }

    /// <summary>Never called: entries are read by <see cref="SegmentReader"/>, so that no reader holds an epoch of FASTER or a buffer of its pool.</summary>
    public override void ReadAsync(int segmentId, ulong sourceAddress, IntPtr destinationAddress, uint readLength, DeviceIOCompletionCallback callback, object context) =>
        callback(WriteFailed, 0, context);

    /// <summary>Never called: segments of an epoch are removed with its folder.</summary>
    public override void RemoveSegmentAsync(int segment, AsyncCallback callback, IAsyncResult result) => callback(result);

    public override void Dispose()
    {
        _queue.CompleteAdding();
        _writer.Join();
        foreach (Segment segment in _segments.Values) segment.File.Dispose();
        _segments.Clear();
        _queue.Dispose();
    }

    private void Run()
    {
        var batch = new List<Request>();
        var touched = new HashSet<Segment>();
        foreach (Request first in _queue.GetConsumingEnumerable())
        {
            batch.Add(first);
            while (_queue.TryTake(out Request? next)) batch.Add(next);
            uint error = WriteAndSync(batch, touched);
            foreach (Request request in batch) request.Callback(error, error == 0 ? (uint)request.Bytes : 0, request.Context);
            batch.Clear();
            touched.Clear();
        }
    }

    private uint WriteAndSync(List<Request> batch, HashSet<Segment> touched)
    {
        if (_failure is not null) return WriteFailed;
        try
        {
            foreach (Request request in batch) touched.Add(Write(request));
            foreach (Segment segment in touched) StoreMetrics.TimeSync(segment.File.Sync);
            CloseComplete();
            return 0;
        }
#pragma warning disable CA1031 // The thread must live to complete the requests; the cause is kept and reported by the store.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _failure = e;
            _onFailure(e);
            return e is IOException io && (io.HResult & 0xffff) != 0 ? (uint)(io.HResult & 0xffff) : WriteFailed;
        }
    }

    private Segment Write(Request request)
    {
        Segment segment = GetOrCreate(request.SegmentId);
        long end = request.Offset + request.Bytes;
        if (end > segment.PrewrittenBytes) Extend(segment, request, end);
        byte[] copy = ArrayPool<byte>.Shared.Rent(request.Bytes);
        try
        {
            Marshal.Copy(request.Source, copy, 0, request.Bytes);
            segment.File.Write(copy.AsSpan(0, request.Bytes), request.Offset);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(copy);
        }

        return segment;
    }

    /// <summary>Writes zeros ahead of the request. Large writes are worth their journal commit and get none.</summary>
    private void Extend(Segment segment, Request request, long end)
    {
        long extent = Math.Clamp(segment.PrewrittenBytes, MinExtentBytes, MaxExtentBytes);
        long target = Math.Min(segmentSize, (end + extent - 1) / extent * extent);
        if (request.Bytes < extent && target > end) segment.File.Write(Zeros.AsSpan(0, (int)Math.Min(target - end, Zeros.Length)), end);
        else target = end;
        segment.PrewrittenBytes = target;
    }

    private Segment GetOrCreate(int id)
    {
        if (_segments.TryGetValue(id, out Segment? known)) return known;
        bool isNew = id > _newest;
        IDiskFile file = _disk.Open(LogFolder.SegmentPath(_folder, id), isNew ? DiskAccess.CreateNew : DiskAccess.Write);
        var segment = new Segment(file) { PrewrittenBytes = file.Length };
        _segments.Add(id, segment);
        if (isNew)
        {
            _newest = id;
            _disk.SyncFolder(_folder);
        }

        return segment;
    }

    /// <summary>Writes come in the order of the log, so the segments before the newest two get no more; one that does is opened again.</summary>
    private void CloseComplete()
    {
        if (_segments.Count <= OpenSegments) return;
        foreach (int id in _segments.Keys.Where(id => id <= _newest - OpenSegments).ToList())
        {
            _segments.Remove(id, out Segment? complete);
            complete!.File.Dispose();
        }
    }

    private sealed record Request(IntPtr Source, int SegmentId, long Offset, int Bytes, DeviceIOCompletionCallback Callback, object Context);

    private sealed class Segment(IDiskFile file)
    {
        public IDiskFile File { get; } = file;

        public long PrewrittenBytes { get; set; }
    }
}
