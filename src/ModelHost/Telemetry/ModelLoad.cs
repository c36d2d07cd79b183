using LatentDb.ModelHost.Contracts;

namespace LatentDb.ModelHost.Telemetry;

/// <summary>What a model host is doing at a moment; each is asked when somebody collects metrics.</summary>
/// <param name="Active">Requests with a place.</param>
/// <param name="Waiting">Requests of a priority that wait for one.</param>
/// <param name="Refused">Requests that found the queue full, since the start.</param>
/// <param name="PromptBytes">Bytes of computed prompts that are kept.</param>
/// <param name="ResidentBytes">Bytes of memory rows.</param>
/// <param name="BudgetBytes">Bytes that they may take.</param>
/// <param name="Pins">Slices in use.</param>
/// <param name="Evictions">Slices that left to make room, since the start.</param>
internal sealed record ModelLoad(
    Func<int> Active, Func<RequestPriority, int> Waiting, Func<long> Refused, Func<long> PromptBytes, Func<long> ResidentBytes, long BudgetBytes, Func<long> Pins, Func<long> Evictions);
