package plan

import "provision/stack"

// customer declares what a customer tenant holds of an application that is registered
// in another tenant: its service principal. Its consent and assignments are declared like
// those of every application.
func (d *declaration) customer(s *stack.Stack, a *stack.Application, k Key) {
	properties := object(a.ServicePrincipal)
	delete(properties, "create")
	tags := []any{}
	for _, mark := range s.CustomerMarks(a.Name) {
		tags = append(tags, mark)
	}
	properties["tags"] = tags
	d.values(s, a, properties)
	d.add(&Declared{Object: Object{Key: Key{ServicePrincipal, k.Name}, Stack: s.Name, Properties: properties}, pos: a.Pos})
}

// elsewhere tells whether a live object stands for an application of a stack that is
// registered in another tenant: of that, the tenant holds the service principal at most.
func (o *Live) elsewhere() bool { return o.Kind == Application && o.ID == "" && o.Stack != "" }

// manages tells whether the stacks declare an application: its registration or, in the
// tenant of a customer, its service principal.
func (d *differ) manages(application Key) bool {
	sp := Key{ServicePrincipal, application.Name}
	return d.declared[application] != nil || d.declared[sp] != nil && d.inCustomer(sp)
}

// inCustomer tells whether a service principal is that of an application which is
// registered in another tenant.
func (d *differ) inCustomer(servicePrincipal Key) bool {
	application := d.actual.Objects[Key{Application, servicePrincipal.Name}]
	return servicePrincipal.Kind == ServicePrincipal && application != nil && application.elsewhere()
}
