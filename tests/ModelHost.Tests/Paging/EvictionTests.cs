using System.Globalization;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.ModelHost.Paging;

namespace LatentDb.ModelHost.Tests.Paging;

/// <summary>What leaves first: by cost and use, and from whoever has more than a fair share.</summary>
public sealed class EvictionTests
{
    private const long Budget = 1000;
    private readonly FlowShares _flows = new(Budget);
    private long _next;

    [Fact]
    public void Among_equal_slices_the_longest_unused_leaves_first()
    {
        ResidentFlow flow = _flows.Pin("a");
        ResidentEntry[] slices = [.. Enumerable.Range(0, 4).Select(_ => Add(flow, 100))];
        Use(slices[0], flow);

        Assert.Equal([slices[1], slices[2], slices[3], slices[0]], EvictAll(flow));
    }

    [Fact]
    public void A_slice_that_is_dear_per_byte_outlives_newer_ones_but_not_for_ever()
    {
        ResidentFlow flow = _flows.Pin("a");
        ResidentEntry small = Add(flow, 1_000);
        int outlived = 0;
        for (; outlived < 10_000; outlived++)
        {
            Add(flow, 10_000_000);
            if (ReferenceEquals(Evict(flow), small)) break;
        }

        Assert.InRange(outlived, 2, 9_999);
    }

    [Fact]
    public void What_is_used_often_outlives_what_was_used_once_but_not_for_ever()
    {
        ResidentFlow flow = _flows.Pin("a");
        ResidentEntry popular = Add(flow, 100);
        for (int i = 0; i < 1_000_000; i++) Use(popular, flow);
        int outlived = 0;
        for (; outlived < 10_000; outlived++)
        {
            Add(flow, 100);
            if (ReferenceEquals(Evict(flow), popular)) break;
        }

        Assert.InRange(outlived, 2, 9_999);
    }

    [Fact]
    public void A_flow_over_its_share_gives_way_although_its_slices_are_newer()
    {
        ResidentFlow modest = _flows.Pin("modest");
        ResidentFlow greedy = _flows.Pin("greedy");
        ResidentEntry old = Add(modest, 100);
        ResidentEntry[] many = [.. Enumerable.Range(0, 9).Select(_ => Add(greedy, 100))];

        Assert.Same(many[0], _flows.Victim(modest, 100));
        Assert.Same(many[0], _flows.Victim(greedy, 100));
        foreach (ResidentEntry entry in many.Take(4)) Remove(entry);
        Assert.Same(many[4], _flows.Victim(greedy, 100)); // its half and the newcomer are over the share
        Assert.Same(old, _flows.Victim(modest, 100)); // nobody is over the share: the oldest leaves
    }

    [Fact]
    public void A_flow_that_has_not_been_there_for_a_while_has_no_share_to_defend()
    {
        ResidentFlow absent = _flows.Pin("absent");
        ResidentEntry old = Add(absent, 100);
        ResidentFlow present = _flows.Pin("present");
        ResidentEntry[] many = [.. Enumerable.Range(0, 9).Select(_ => Add(present, 100))];
        ResidentEntry? before = _flows.Victim(present, 100);

        for (int i = 0; i < 2000; i++) _flows.Pin("present");

        Assert.Same(many[0], before);
        Assert.Same(old, _flows.Victim(present, 100));
    }

    [Fact]
    public void A_slice_that_two_flows_use_is_charged_to_neither()
    {
        ResidentFlow a = _flows.Pin("a");
        ResidentFlow b = _flows.Pin("b");
        ResidentEntry both = Add(a, 100);

        Use(both, b);

        Assert.Equal(0, a.BookedBytes);
        Assert.Equal(0, b.BookedBytes);
        Assert.Equal(100, _flows.Shared.BookedBytes);
        Assert.Same(both, _flows.Victim(b, 100));
    }

    [Fact]
    public void Flows_that_hold_nothing_are_forgotten()
    {
        for (int i = 0; i < 10_000; i++) Remove(Add(_flows.Pin(i.ToString(CultureInfo.InvariantCulture)), 100));

        Assert.InRange(_flows.Count, 1, 2000);
    }

    private ResidentEntry Add(ResidentFlow flow, long bytes)
    {
        var address = new SliceAddress(new BlockId(new MemoryUid(1), ++_next), 0, SlicePart.Read);
        var entry = new ResidentEntry(new PlannedSlice(new ResidentKey(address, IsKeysOnly: false), bytes), flow) { Uses = 1, CostClass = GreedyDual.CostClassOf(bytes) };
        FlowShares.Charge(entry);
        _flows.Idle(entry);
        return entry;
    }

    private void Use(ResidentEntry entry, ResidentFlow flow)
    {
        _flows.Want(entry, flow);
        _flows.Idle(entry);
    }

    private void Remove(ResidentEntry entry) => _flows.Discharge(entry);

    private ResidentEntry? Evict(ResidentFlow flow)
    {
        ResidentEntry? victim = _flows.Victim(flow, 0);
        if (victim is not null) Remove(victim);
        return victim;
    }

    private IEnumerable<ResidentEntry> EvictAll(ResidentFlow flow)
    {
        while (Evict(flow) is { } victim) yield return victim;
    }
}
