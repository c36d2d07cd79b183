using LatentDb.ModelHost.Contracts;
using LatentDb.ModelHost.Scheduling;
using LatentDb.Testing;

namespace LatentDb.ModelHost.Tests.Scheduling;

/// <summary>The turns of a loop, one by one on the test's thread, so that order and shares can be told exactly.</summary>
internal sealed class LoopUnderTest
{
    private readonly AdmissionLine _line;

    public LoopUnderTest(TimeSpan stepTime = default, TimeProvider? clock = null)
    {
        var options = new SchedulerOptions(MaxActive: 16, MaxWaiting: 0, Layers: 1);
        Decoder = new FakeDecoder(Time, stepTime);
        _line = new AdmissionLine(options, Time);
        Turns = new LoopIteration(options, Decoder, clock ?? Time, null);
    }

    public ManualTimeProvider Time { get; } = new();

    public List<string> Log { get; } = [];

    public FakeDecoder Decoder { get; }

    public LoopIteration Turns { get; }

    /// <summary>Ends when something that was waited for wakes the loop.</summary>
    public TaskCompletionSource Woken { get; } = new();

    public LoopRequest Add(
        ILayerWork work, IDecodeSequence? answer = null, string flow = "a", RequestPriority priority = RequestPriority.Interactive, CancellationToken token = default)
    {
        Task<Place> place = _line.EnterAsync(new Demand(flow, priority, 0), default).AsTask();
        Assert.True(place.IsCompletedSuccessfully);
#pragma warning disable RS0030, VSTHRD002, VSTHRD103 // It is completed.
        var request = new LoopRequest(place.Result, work, answer, token);
#pragma warning restore RS0030, VSTHRD002, VSTHRD103
        Turns.Add(request);
        return request;
    }

    public LoopRequest AddWork(string name, int pieces, string? flow = null, RequestPriority priority = RequestPriority.Interactive, long cost = 10, CancellationToken token = default) =>
        Add(new FakeWork(name, pieces, Log, cost), null, flow ?? name, priority, token);

    public void Run(int turns = 1)
    {
        for (int i = 0; i < turns; i++) Turns.Run(() => Woken.TrySetResult());
    }
}
