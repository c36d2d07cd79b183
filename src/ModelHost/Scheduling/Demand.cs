using LatentDb.ModelHost.Contracts;

namespace LatentDb.ModelHost.Scheduling;

/// <summary>What a request wants of the machine.</summary>
/// <param name="Flow">On whose account; requests of one flow share what that flow gets.</param>
/// <param name="Priority">How urgent.</param>
/// <param name="Cost">Row-layers of its text, as estimated; what it generates is not known yet and not counted.</param>
internal readonly record struct Demand(string Flow, RequestPriority Priority, long Cost);
